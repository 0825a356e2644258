#include "ops/toml_section.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/limits.h"
#include "ops/settings_values.h"

namespace rollcall::ops {
namespace {

std::string_view describe(toml::node_type type) {
  switch (type) {
    case toml::node_type::none: return "nothing";
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a float";
    case toml::node_type::boolean: return "a boolean";
    case toml::node_type::date: return "a date";
    case toml::node_type::time: return "a time";
    case toml::node_type::date_time: return "a date and time";
  }
  return "something else";
}

}  // namespace

void Complaints::add(const toml::source_region& where, std::string_view key, std::string_view sentence) {
  if (first_ && at_ <= where.begin) return;
  at_ = where.begin;
  first_ = Error{Errc::start_up, fmt::format("{}:{}: {}: {}", source_, at_.line, key, sentence), std::string(key)};
}

const toml::node* Section::find(std::string_view key, std::string_view shown) {
  known_.emplace_back(key);
  shown_ += shown_.empty() ? "" : ", ";
  shown_ += shown;
  return table_ == nullptr ? nullptr : table_->get(key);
}

bool Section::has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }

void Section::complain(std::string_view key, std::string_view sentence) {
  if (table_ == nullptr) return;
  const toml::node* node = table_->get(key);
  complaints_->add(node == nullptr ? table_->source() : node->source(), prefix_ + std::string(key), sentence);
}

void Section::complain_of_type(std::string_view key, std::string_view wanted, const toml::node& found) {
  complain(key, fmt::format("must be {}, not {}", wanted, describe(found.type())));
}

std::optional<std::string_view> Section::string(std::string_view key) {
  const toml::node* node = find(key, key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_string()) complain_of_type(key, "a string", *node);
  return node->value<std::string_view>();
}

std::optional<bool> Section::boolean(std::string_view key) {
  const toml::node* node = find(key, key);
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_boolean()) return value->get();
  complain_of_type(key, "true or false", *node);
  return std::nullopt;
}

std::optional<std::vector<std::string_view>> Section::strings(std::string_view key, std::size_t max) {
  const toml::node* node = find(key, key);
  if (node == nullptr) return std::nullopt;
  const toml::array* list = node->as_array();
  if (list == nullptr || !std::ranges::all_of(*list, [](const toml::node& each) { return each.is_string(); })) {
    complain_of_type(key, "an array of strings", *node);
    return std::nullopt;
  }
  if (list->size() > max) {
    complain(key, fmt::format("must have at most {} entries, not {}", max, list->size()));
    return std::nullopt;
  }
  std::vector<std::string_view> words;
  for (const toml::node& each : *list) words.emplace_back(each.as_string()->get());
  return words;
}

std::optional<std::int64_t> Section::integer(std::string_view key, std::int64_t min, std::int64_t max) {
  const toml::node* node = find(key, key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_integer()) {
    complain_of_type(key, "an integer", *node);
    return std::nullopt;
  }
  const Result<std::int64_t> value = check_integer(node->as_integer()->get(), min, max);
  if (value) return *value;
  complain(key, value.error().message);
  return std::nullopt;
}

std::optional<std::uint16_t> Section::permille(std::string_view key) {
  const std::optional<double> whole = share(key);
  if (!whole) return std::nullopt;
  return static_cast<std::uint16_t>(*whole * 1000 + 0.5);
}

std::optional<double> Section::share(std::string_view key) {
  const toml::node* node = find(key, key);
  if (node == nullptr) return std::nullopt;
  const std::optional<double> value = node->value<double>();
  if (!node->is_number() || !value) {
    complain_of_type(key, "a number", *node);
    return std::nullopt;
  }
  if (*value >= 0 && *value <= 1) return value;
  complain(key, fmt::format("must be a number from 0 to 1, not {}", *value));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> Section::duration(std::string_view key, std::chrono::milliseconds min,
                                                           std::chrono::milliseconds max) {
  const toml::node* node = find(key, key);
  if (node == nullptr) return std::nullopt;
  Result<std::chrono::milliseconds> value{};
  if (const auto* seconds = node->as_integer()) {
    // Clamp to a value outside every valid range, so that the conversion to milliseconds cannot overflow.
    constexpr std::int64_t k_seconds_max = 1'000'000'000'000;
    value = std::chrono::seconds(std::clamp(seconds->get(), -k_seconds_max, k_seconds_max));
  } else if (const auto* words = node->as_string()) {
    value = parse_duration_text(words->get());
  } else {
    complain_of_type(key, R"(a duration, as "15s" or an integer of seconds)", *node);
    return std::nullopt;
  }
  if (value) value = check_duration(*value, min, max);
  if (value) return *value;
  complain(key, value.error().message);
  return std::nullopt;
}

std::optional<std::uint32_t> Section::ttl(std::string_view key) {
  const auto value = duration(key, limits::k_answer_ttl_min, limits::k_answer_ttl_max);
  if (!value) return std::nullopt;
  if (*value % std::chrono::seconds(1) != std::chrono::milliseconds(0)) {
    complain(key, "must be whole seconds: a TTL in the DNS has no fractions");
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(*value).count());
}

std::optional<std::vector<IpEndpoint>> Section::endpoints(std::string_view key) {
  const toml::node* node = find(key, key);
  if (node == nullptr) return std::nullopt;
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    complain_of_type(key, R"(an array of strings, as ["127.0.0.1:8600"])", *node);
    return std::nullopt;
  }
  if (list->empty()) complain(key, "must have at least one ADDR:PORT");
  std::vector<IpEndpoint> endpoints;
  for (const toml::node& each : *list) {
    const auto* words = each.as_string();
    const Result<IpEndpoint> endpoint =
        words == nullptr
            ? failure(Errc::start_up, fmt::format("must be an array of strings; this is {}", describe(each.type())))
            : parse_listen(words->get(), endpoints);
    if (!endpoint) {
      complaints_->add(each.source(), prefix_ + std::string(key), endpoint.error().message);
      return std::nullopt;
    }
    endpoints.push_back(*endpoint);
  }
  return endpoints;
}

Section Section::table(std::string_view key) {
  const std::string title = fmt::format("[{}{}]", prefix_, key);
  const toml::node* node = find(key, title);
  if (node != nullptr && !node->is_table()) {
    complain(key, fmt::format("must be one table; write {}", title));
  }
  return {node == nullptr ? nullptr : node->as_table(), title, fmt::format("{}{}.", prefix_, key), *complaints_};
}

std::vector<Section> Section::tables(std::string_view key, std::size_t max) {
  const std::string title = fmt::format("[[{}]]", key);
  const toml::node* node = find(key, title);
  if (node == nullptr) return {};
  const toml::array* list = node->as_array();
  if (list == nullptr || !std::ranges::all_of(*list, [](const toml::node& each) { return each.is_table(); })) {
    complain(key, fmt::format("must be a list of tables; write {} above each", title));
    return {};
  }
  if (list->size() > max) {
    complain(key, fmt::format("must be at most {} tables, not {}", max, list->size()));
    return {};
  }
  std::vector<Section> sections;
  for (const toml::node& each : *list) {
    sections.emplace_back(each.as_table(), title, fmt::format("{}{}.", prefix_, key), *complaints_);
  }
  return sections;
}

void Section::finish() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    complaints_->add(key.source(), prefix_ + std::string(key.str()),
                     fmt::format("unknown key; {} has {}", title_, shown_));
  }
}

}  // namespace rollcall::ops
