#include "api/consul/agent/fields.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/ascii_case.h"
#include "base/limits.h"
#include "consul/go_duration.h"
#include "json/values.h"

namespace rollcall::api::consul {
namespace {

namespace bj = boost::json;
using std::chrono::milliseconds;

// "deregister_critical_service_after" is "DeregisterCriticalServiceAfter".
bool is_named(std::string_view sent, std::string_view name) {
  std::size_t at = 0;
  for (const char c : sent) {
    if (c == '_') continue;
    if (at == name.size() || to_lower(c) != to_lower(name[at])) return false;
    ++at;
  }
  return at == name.size();
}

std::unexpected<Error> wrong(std::string_view name, std::string_view what) {
  return decode_failure(fmt::format("{} must be {}", name, what));
}

}  // namespace

std::unexpected<Error> decode_failure(std::string_view what) {
  return failure(Errc::malformed, fmt::format("Request decode failed: {}", what));
}

Result<bj::object> read_body(std::string_view body) {
  boost::system::error_code failed;
  bj::parse_options options;
  options.max_depth = limits::k_json_depth_max;
  bj::value whole = bj::parse(body, failed, {}, options);
  if (failed) return decode_failure(failed.message());
  if (!whole.is_object()) return decode_failure("the body must be a JSON object");
  return std::move(whole.get_object());
}

const bj::value* Fields::find(std::string_view name) const {
  const bj::value* found = nullptr;
  for (const auto& [sent, value] : object_) {
    if (is_named(sent, name)) found = &value;
  }
  return found == nullptr || found->is_null() ? nullptr : found;
}

Result<void> Fields::read(std::string_view name, std::string& into) const {
  const bj::value* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_string()) return wrong(name, "a string");
  into = std::string_view(value->get_string());
  return {};
}

Result<void> Fields::read(std::string_view name, bool& into) const {
  const bj::value* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_bool()) return wrong(name, "true or false");
  into = value->get_bool();
  return {};
}

Result<void> Fields::read(std::string_view name, std::optional<std::int64_t>& into) const {
  const bj::value* value = find(name);
  if (value == nullptr) return {};
  boost::system::error_code inexact;
  into = value->is_number() ? value->to_number<std::int64_t>(inexact) : 0;
  if (!value->is_number() || inexact) return wrong(name, "an integer");
  return {};
}

Result<void> Fields::read(std::string_view name, milliseconds& into) const {
  const bj::value* value = find(name);
  if (value == nullptr) return {};
  std::optional<std::chrono::nanoseconds> duration;
  if (value->is_int64()) duration = std::chrono::nanoseconds(value->get_int64());
  if (value->is_string()) {
    const std::string_view text(value->get_string());
    if (text.empty()) return {};
    duration = rollcall::consul::parse_go_duration(text);
    if (!duration) return decode_failure(fmt::format("{}: invalid duration \"{}\"", name, json::quotable(text)));
  }
  if (!duration) return wrong(name, R"(a duration, as "10s")");
  into = std::chrono::ceil<milliseconds>(*duration);
  return {};
}

Result<void> Fields::read(std::string_view name, std::vector<std::string>& into) const {
  const bj::value* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_array()) return wrong(name, "a list of strings");
  for (const bj::value& element : value->get_array()) {
    if (!element.is_string()) return wrong(name, "a list of strings");
    into.emplace_back(std::string_view(element.get_string()));
  }
  return {};
}

Result<void> Fields::read(std::string_view name, std::map<std::string, std::string>& into) const {
  const bj::value* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_object()) return wrong(name, "an object of strings");
  for (const auto& [key, text] : value->get_object()) {
    if (!text.is_string()) return wrong(name, "an object of strings");
    into[std::string(key)] = std::string_view(text.get_string());
  }
  return {};
}

Result<void> Fields::read(std::string_view name, std::vector<std::pair<std::string, std::string>>& into) const {
  const bj::value* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_object()) return wrong(name, "an object of lists of strings");
  for (const auto& [key, one_or_all] : value->get_object()) {
    const bj::value* all = &one_or_all;
    const std::size_t count = all->is_array() ? all->get_array().size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const bj::value& each = all->is_array() ? all->get_array()[i] : *all;
      if (!each.is_string()) return wrong(name, "an object of lists of strings");
      into.emplace_back(std::string_view(key), std::string_view(each.get_string()));
    }
  }
  return {};
}

Result<const bj::object*> Fields::object(std::string_view name) const {
  const bj::value* value = find(name);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) return wrong(name, "an object");
  return &value->get_object();
}

Result<std::vector<const bj::object*>> Fields::objects(std::string_view name) const {
  std::vector<const bj::object*> all;
  const bj::value* value = find(name);
  if (value == nullptr) return all;
  if (!value->is_array()) return wrong(name, "a list of objects");
  for (const bj::value& element : value->get_array()) {
    if (element.is_null()) continue;
    if (!element.is_object()) return wrong(name, "a list of objects");
    all.push_back(&element.get_object());
  }
  return all;
}

}  // namespace rollcall::api::consul
