#include "tools/rollcall/roll.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
  return json::value_to<std::string>(object.at(name));
}

template <class Number>
Number number_of(const json::object& object, std::string_view name) {
  return object.at(name).to_number<Number>();
}

// Null: the instance has no lease.
std::chrono::milliseconds lease_of(const json::object& object, std::string_view name) {
  const json::value& value = object.at(name);
  return std::chrono::milliseconds(value.is_null() ? 0 : value.to_number<std::int64_t>());
}

std::vector<std::string> texts_of(const json::object& object, std::string_view name) {
  return json::value_to<std::vector<std::string>>(object.at(name));
}

Instance instance_of(const json::object& object) {
  Instance instance;
  instance.id = text_of(object, "id");
  instance.label = text_of(object, "label");
  instance.status = text_of(object, "status");
  instance.addresses = texts_of(object, "addresses");
  instance.port = number_of<std::uint16_t>(object, "port");
  instance.protocol = text_of(object, "protocol");
  instance.priority = number_of<std::uint16_t>(object, "priority");
  instance.weight = number_of<std::uint16_t>(object, "weight");
  instance.tags = texts_of(object, "tags");
  for (const auto& [key, value] : object.at("meta").as_object()) {
    instance.meta.emplace(key, json::value_to<std::string>(value));
  }
  instance.ttl = lease_of(object, "ttl_ms");
  instance.expires_in = lease_of(object, "expires_in_ms");
  return instance;
}

// Boost.JSON throws if a member is missing or has another type: the answer is then not from a registry.
template <class Read>
auto read(const json::value& answer, Read read) -> Result<decltype(read(json::object()))> {
  try {
    return read(answer.as_object());
  } catch (const std::exception& failed) {
    return failure(Errc::unreachable, "what answers there is no registry: its JSON is not what a registry says");
  }
}

}  // namespace

Result<Service> parse_service(const json::value& answer) {
  return read(answer, [](const json::object& object) {
    Service service{text_of(object, "service"), text_of(object, "zone"), number_of<std::uint64_t>(object, "index"), {}};
    for (const json::value& instance : object.at("instances").as_array()) {
      service.instances.push_back(instance_of(instance.as_object()));
      if (service.instances.back().addresses.empty()) throw std::invalid_argument("an instance without an address");
    }
    return service;
  });
}

Result<std::vector<std::string>> parse_service_names(const json::value& answer) {
  return read(answer, [](const json::object& object) {
    std::vector<std::string> names;
    for (const json::value& service : object.at("services").as_array()) {
      names.push_back(text_of(service.as_object(), "service"));
    }
    return names;
  });
}

Result<Service> read_service(Session& session, const std::string& name) {
  const Result<json::value> answer = session.get(target_of("/v1/services", {name}, {{"zone", session.globals().zone}}));
  if (answer) return parse_service(*answer);
  if (answer.error().code == Errc::unknown_service) return Service{name, session.globals().zone, 0, {}};
  return std::unexpected(answer.error());
}

Result<std::vector<std::string>> read_service_names(Session& session) {
  const Result<json::value> answer = session.get(target_of("/v1/services", {}, {{"zone", session.globals().zone}}));
  if (!answer) return std::unexpected(answer.error());
  return parse_service_names(*answer);
}

Result<Roll> read_roll(Session& session) {
  const Result<std::vector<std::string>> names = read_service_names(session);
  if (!names) return std::unexpected(names.error());
  Roll roll;
  for (const std::string& name : *names) {
    Result<Service> service = read_service(session, name);
    if (!service) return std::unexpected(service.error());
    roll.emplace(name, std::move(*service));
  }
  return roll;
}

}  // namespace rollcall::cli
