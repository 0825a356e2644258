#include "client/problem.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <string_view>

#include "base/limits.h"

namespace rollcall::client {
namespace {

namespace json = boost::json;

struct Kind {
  std::string_view type;
  Errc code;
};
// The problem types that api/problem.cc writes.
constexpr std::array<Kind, 13> k_kinds{{{"invalid_request", Errc::invalid},
                                        {"invalid_field", Errc::invalid},
                                        {"bad_json", Errc::malformed},
                                        {"unknown_zone", Errc::unknown_zone},
                                        {"unknown_service", Errc::unknown_service},
                                        {"unknown_instance", Errc::unknown_instance},
                                        {"conflict", Errc::conflict},
                                        {"store_busy", Errc::store_busy},
                                        {"store_failed", Errc::store_failed},
                                        {"overloaded", Errc::overloaded},
                                        {"ask_another_node", Errc::not_in_charge},
                                        {"unauthenticated", Errc::unauthenticated},
                                        {"forbidden", Errc::forbidden}}};
constexpr std::string_view k_prefix = "urn:rollcall:";

// For a response without problem details: it comes from a proxy, or from a server that is not a registry.
Errc code_of_status(unsigned status) {
  if (status == 401) return Errc::unauthenticated;
  if (status == 403) return Errc::forbidden;
  if (status == 409) return Errc::conflict;
  if (status >= 500) return Errc::unreachable;
  return Errc::invalid;
}

Errc code_of(std::string_view type, unsigned status) {
  if (type.starts_with(k_prefix)) type.remove_prefix(k_prefix.size());
  const auto* const kind = std::ranges::find(k_kinds, type, &Kind::type);
  return kind == k_kinds.end() ? code_of_status(status) : kind->code;
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

// The text may be printed on a terminal: replaces control characters and line ends by spaces.
std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char octet) { return static_cast<unsigned char>(octet) < ' ' || octet == 0x7f; }, ' ');
  return text;
}

}  // namespace

Error problem_of(const HttpResponse& response) {
  json::parse_options options;
  options.max_depth = limits::k_json_depth_max;
  boost::system::error_code error;
  const json::value parsed = json::parse(response.body, error, {}, options);
  const json::object* object = error ? nullptr : parsed.if_object();
  std::string detail = object == nullptr ? std::string() : one_line(text_of(*object, "detail"));
  if (detail.empty()) {
    return Error{code_of_status(response.status), fmt::format("the server answered {}", response.status)};
  }
  return Error{code_of(text_of(*object, "type"), response.status), std::move(detail),
               one_line(text_of(*object, "field"))};
}

}  // namespace rollcall::client
