#include "kv/loose_object.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/ascii_case.h"
#include "base/limits.h"
#include "consul/go_duration.h"

namespace rollcall::kv {
namespace {

namespace bj = boost::json;
using std::chrono::milliseconds;

std::unexpected<Error> wrong(std::string_view name, std::string_view wanted) {
  return failure(Errc::invalid, fmt::format("{} must be {}", name, wanted), std::string(name));
}

bool folds_to(std::string_view name, std::string_view folded) {
  std::size_t at = 0;
  for (const char c : name) {
    if (c == '_') continue;
    if (at == folded.size() || to_lower(c) != folded[at]) return false;
    ++at;
  }
  return at == folded.size();
}

}  // namespace

Result<bj::value> parse_loosely(std::string_view text) {
  bj::parse_options options;
  options.max_depth = limits::k_json_depth_max;
  boost::system::error_code failed;
  bj::value value = bj::parse(bj::string_view(text.data(), text.size()), failed, {}, options);
  if (failed) return failure(Errc::malformed, fmt::format("the body is no JSON: {}", failed.message()));
  return value;
}

const bj::value* LooseObject::find(std::string_view folded) const {
  const bj::value* found = nullptr;
  for (const auto& member : object_) {
    if (folds_to({member.key().data(), member.key().size()}, folded)) found = &member.value();
  }
  return found == nullptr || found->is_null() ? nullptr : found;
}

Result<void> LooseObject::take(std::string_view folded, std::string& into) const {
  const bj::value* const value = find(folded);
  if (value == nullptr) return {};
  if (!value->is_string()) return wrong(folded, "a text");
  into.assign(value->get_string().data(), value->get_string().size());
  return {};
}

Result<void> LooseObject::take(std::string_view folded, bool& into) const {
  const bj::value* const value = find(folded);
  if (value == nullptr) return {};
  if (!value->is_bool()) return wrong(folded, "true or false");
  into = value->get_bool();
  return {};
}

Result<void> LooseObject::take(std::string_view folded, std::uint64_t& into) const {
  const bj::value* const value = find(folded);
  if (value == nullptr) return {};
  if (value->is_uint64()) {
    into = value->get_uint64();
    return {};
  }
  if (!value->is_int64() || value->get_int64() < 0) return wrong(folded, "a whole number, at least 0");
  into = static_cast<std::uint64_t>(value->get_int64());
  return {};
}

Result<void> LooseObject::take(std::string_view folded, milliseconds& into) const {
  const bj::value* const value = find(folded);
  if (value == nullptr) return {};
  if (value->is_int64() && value->get_int64() >= 0) {
    into = std::chrono::ceil<milliseconds>(std::chrono::nanoseconds(value->get_int64()));
    return {};
  }
  if (!value->is_string()) return wrong(folded, "a duration, for example \"15s\"");
  const std::string_view text(value->get_string().data(), value->get_string().size());
  if (text.empty()) return {};
  const std::optional<std::chrono::nanoseconds> duration = consul::parse_go_duration(text);
  if (!duration || duration->count() < 0) return wrong(folded, "a duration, for example \"15s\"");
  into = std::chrono::ceil<milliseconds>(*duration);
  return {};
}

Result<void> LooseObject::take(std::string_view folded, std::vector<std::string>& into) const {
  const Result<const bj::array*> list = array(folded);
  if (!list) return std::unexpected(list.error());
  if (*list == nullptr) return {};
  into.clear();
  for (const bj::value& element : **list) {
    if (!element.is_string()) return wrong(folded, "a list of texts");
    into.emplace_back(element.get_string().data(), element.get_string().size());
  }
  return {};
}

Result<void> LooseObject::take(std::string_view folded, std::vector<std::pair<std::string, std::string>>& into) const {
  const Result<const bj::object*> map = object(folded);
  if (!map) return std::unexpected(map.error());
  if (*map == nullptr) return {};
  into.clear();
  for (const auto& member : **map) {
    if (!member.value().is_string()) return wrong(folded, "an object of texts");
    const bj::string& text = member.value().get_string();
    into.emplace_back(std::string(member.key().data(), member.key().size()), std::string(text.data(), text.size()));
  }
  return {};
}

Result<const bj::object*> LooseObject::object(std::string_view folded) const {
  const bj::value* const value = find(folded);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) return wrong(folded, "an object");
  return &value->get_object();
}

Result<const bj::array*> LooseObject::array(std::string_view folded) const {
  const bj::value* const value = find(folded);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) return wrong(folded, "a list");
  return &value->get_array();
}

}  // namespace rollcall::kv
