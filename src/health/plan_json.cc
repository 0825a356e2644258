#include "health/plan_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "health/check_json.h"

namespace rollcall::health {
namespace {

namespace json = boost::json;

constexpr std::uint16_t k_rise_default = 1;
constexpr std::uint16_t k_fall_default = 2;

std::unexpected<Error> invalid(std::string sentence, std::string_view field) {
  return failure(Errc::invalid, std::move(sentence), std::string(field));
}

// Those that call in are no work of the server's, and are as many as an instance has results.
Result<void> read_checks(const json::value& value, Plan& draft, CheckRole role) {
  const json::array* list = value.if_array();
  if (list == nullptr) return invalid("checks must be a list of objects, each with a type", "checks");
  const auto too_many = [](std::size_t count, std::size_t most) {
    return invalid(fmt::format("checks must be at most {}, there are {}", most, count), "checks");
  };
  const std::size_t most = role == CheckRole::stored ? limits::k_named_checks_max : limits::k_checks_max;
  if (list->size() > most) return too_many(list->size(), most);
  for (const json::value& element : *list) {
    Result<Check> check = parse_check(element, fmt::format("checks[{}]", draft.checks.size()), role);
    if (!check) return std::unexpected(std::move(check.error()));
    draft.checks.push_back(std::move(*check));
  }
  const auto run = static_cast<std::size_t>(
      std::ranges::count_if(draft.checks, [](const Check& check) { return check.type != CheckType::ttl; }));
  if (run > limits::k_checks_max) return too_many(run, limits::k_checks_max);
  return {};
}

Result<void> read_probe(const json::value& value, Plan& draft) {
  Result<Check> probe = parse_probe(value);
  if (!probe) return std::unexpected(std::move(probe.error()));
  draft.probe = std::move(*probe);
  return {};
}

Result<void> read_bool(const json::value& value, std::string_view field, bool& into) {
  if (!value.is_bool()) return invalid(fmt::format("{} must be true or false", field), field);
  into = value.get_bool();
  return {};
}

Result<void> read_initial(const json::value& value, Plan& draft) {
  const json::string* text = value.if_string();
  if (text == nullptr || (*text != "ready" && *text != "critical")) {
    return invalid("initial must be \"ready\" or \"critical\"", "initial");
  }
  draft.starts_critical = *text == "critical";
  return {};
}

Result<void> read_streak(const json::value& value, std::string_view field, std::optional<std::uint16_t>& into) {
  const Result<std::uint16_t> streak = parse_streak(value, field);
  if (!streak) return std::unexpected(streak.error());
  into = *streak;
  return {};
}

}  // namespace

bool is_plan_field(std::string_view name) { return std::ranges::find(k_plan_fields, name) != k_plan_fields.end(); }

Result<void> read_plan_field(std::string_view name, const json::value& value, Plan& draft, CheckRole checks_as) {
  if (value.is_null() && is_plan_field(name)) return {};  // as if left out
  if (name == "checks") return read_checks(value, draft, checks_as);
  if (name == "probe") return read_probe(value, draft);
  if (name == "evict_on_refusal") return read_bool(value, name, draft.evict_on_refusal);
  if (name == "renew_on_probe") return read_bool(value, name, draft.renew_on_probe);
  if (name == "initial") return read_initial(value, draft);
  if (name == "rise") return read_streak(value, name, draft.rise);
  if (name == "fall") return read_streak(value, name, draft.fall);
  const std::string_view shown = name.substr(0, limits::k_meta_key_max);
  return invalid(fmt::format("unknown field \"{}\"; a health plan has {}", shown, fmt::join(k_plan_fields, ", ")),
                 shown);
}

Result<SharedPlan> complete_plan(Plan draft) {
  const auto needs = [](std::string_view field, std::string_view other) {
    return invalid(fmt::format("{} says nothing without {}: add it, or leave {} out", field, other, field), field);
  };
  if (!draft.probe && draft.evict_on_refusal) return needs("evict_on_refusal", "probe");
  if (!draft.probe && draft.renew_on_probe) return needs("renew_on_probe", "probe");
  if (draft.checks.empty()) {
    if (draft.starts_critical) return needs("initial", "checks");
    if (draft.rise) return needs("rise", "checks");
    if (draft.fall) return needs("fall", "checks");
  }
  for (Check& check : draft.checks) {
    if (check.rise == 0) check.rise = draft.rise.value_or(k_rise_default);
    if (check.fall == 0) check.fall = draft.fall.value_or(k_fall_default);
  }
  return SharedPlan(std::move(draft));
}

std::vector<std::pair<std::string_view, std::string>> plan_members(const Plan& plan) {
  std::vector<std::pair<std::string_view, std::string>> members;
  if (!plan.checks.empty()) {
    std::string list = "[";
    for (const Check& check : plan.checks) {
      if (list.size() > 1) list += ',';
      list += write_check(check, CheckRole::check);
    }
    members.emplace_back("checks", list + ']');
  }
  if (plan.probe) members.emplace_back("probe", write_check(*plan.probe, CheckRole::probe));
  if (plan.evict_on_refusal) members.emplace_back("evict_on_refusal", "true");
  if (plan.renew_on_probe) members.emplace_back("renew_on_probe", "true");
  if (plan.starts_critical) members.emplace_back("initial", "\"critical\"");
  if (plan.rise) members.emplace_back("rise", std::to_string(*plan.rise));
  if (plan.fall) members.emplace_back("fall", std::to_string(*plan.fall));
  return members;
}

std::string write_plan(const SharedPlan& plan) {
  std::string out = "{";
  if (plan) {
    for (const auto& [name, text] : plan_members(*plan)) {
      if (out.size() > 1) out += ',';
      out.append("\"").append(name).append("\":").append(text);
    }
  }
  return out + '}';
}

Result<SharedPlan> parse_plan(std::string_view object) {
  if (object == "{}") return SharedPlan();
  json::error_code broken;
  const json::value value = json::parse(json::string_view(object.data(), object.size()), broken);
  if (broken || !value.is_object()) return invalid("checks must be a JSON object", "checks");
  Plan draft;
  for (const auto& [name, member] : value.get_object()) {
    const Result<void> read = read_plan_field({name.data(), name.size()}, member, draft, CheckRole::stored);
    if (!read) return std::unexpected(read.error());
  }
  return complete_plan(std::move(draft));
}

}  // namespace rollcall::health
