#include "client/registration_json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/duration.h"

namespace rollcall::client {
namespace {

namespace json = boost::json;

json::array array_of(std::span<const std::string> texts) {
  json::array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

std::optional<json::object> parse_object(std::string_view body) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

}  // namespace

std::string registration_body(const RegistrationSettings& settings, std::span<const std::string> addresses) {
  json::object body;
  body["service"] = settings.service;
  body["addresses"] = array_of(addresses);
  body["port"] = settings.port;
  body["priority"] = settings.priority;
  body["weight"] = settings.weight;
  body["ttl"] = format_duration(settings.lease);
  if (!settings.id.empty()) body["id"] = settings.id;
  if (!settings.protocol.empty()) body["protocol"] = settings.protocol;
  if (!settings.zone.empty()) body["zone"] = settings.zone;
  if (!settings.tags.empty()) body["tags"] = array_of(settings.tags);
  if (!settings.meta.empty()) {
    json::object meta;
    for (const auto& [key, value] : settings.meta) meta[key] = value;
    body["meta"] = std::move(meta);
  }
  return json::serialize(body);
}

std::optional<Acknowledged> parse_acknowledgement(std::string_view body) {
  const auto answer = parse_object(body);
  if (!answer) return std::nullopt;
  const json::value* id = answer->if_contains("id");
  const json::value* lease = answer->if_contains("ttl_ms");
  if (id == nullptr || !id->is_string() || id->get_string().empty()) return std::nullopt;
  if (lease == nullptr || !lease->is_int64() || lease->get_int64() <= 0) return std::nullopt;
  const json::value* dns = answer->if_contains("dns");
  const json::value* name = dns != nullptr && dns->is_object() ? dns->get_object().if_contains("instance") : nullptr;
  const bool has_name = name != nullptr && name->is_string();
  return Acknowledged{.id = std::string(id->get_string()),
                      .name = has_name ? std::string(name->get_string()) : std::string(),
                      .lease = std::chrono::milliseconds(lease->get_int64())};
}

std::optional<bool> parse_is_safe(std::string_view body) {
  const auto answer = parse_object(body);
  const json::value* safe = answer ? answer->if_contains("safe") : nullptr;
  if (safe == nullptr || !safe->is_bool()) return std::nullopt;
  return safe->get_bool();
}

}  // namespace rollcall::client
