#include "api/consul/agent/service_fields.h"

#include <fmt/format.h>
#include <utility>

#include "consul/names.h"
#include "registry/instance/registration.h"

namespace rollcall::api::consul {
namespace {

namespace bj = boost::json;
using rollcall::consul::TaggedAddress;

std::unexpected<Error> invalid(std::string sentence) { return failure(Errc::invalid, std::move(sentence)); }

Result<void> read_port(const Fields& fields, std::uint16_t& port) {
  const bj::value* sent = fields.find("Port");
  std::optional<std::int64_t> number;
  const auto read = fields.read("Port", number);
  if (!read && sent != nullptr && sent->is_number()) return invalid("Invalid service port");
  if (!read || !number) return read;
  if (*number < 0 || *number > UINT16_MAX) return invalid("Invalid service port");
  port = static_cast<std::uint16_t>(*number);
  return {};
}

Result<void> read_weight(const Fields& fields, std::string_view name, std::uint16_t& weight) {
  std::optional<std::int64_t> number;
  if (const auto read = fields.read(name, number); !read) return read;
  if (!number || *number == 0) return {};
  if (*number < 0 || *number > UINT16_MAX) {
    return invalid(fmt::format("Invalid Weights: {} must be from 1 to 65535", name));
  }
  weight = static_cast<std::uint16_t>(*number);
  return {};
}

Result<void> read_weights(const Fields& fields, rollcall::consul::Weights& weights) {
  const auto object = fields.object("Weights");
  if (!object) return std::unexpected(object.error());
  if (*object == nullptr) return {};
  const Fields inner(**object);
  if (const auto read = read_weight(inner, "Passing", weights.passing); !read) return read;
  return read_weight(inner, "Warning", weights.warning);
}

Result<void> read_tagged(const Fields& fields, std::map<std::string, TaggedAddress>& into) {
  const auto object = fields.object("TaggedAddresses");
  if (!object) return std::unexpected(object.error());
  if (*object == nullptr) return {};
  for (const auto& [name, value] : **object) {
    TaggedAddress& address = into[std::string(name)];
    if (value.is_string()) {
      address.address = std::string_view(value.get_string());
      continue;
    }
    if (!value.is_object()) return decode_failure("TaggedAddresses must be an object of addresses with ports");
    const Fields inner(value.get_object());
    if (const auto read = inner.read("Address", address.address); !read) return read;
    if (const auto read = read_port(inner, address.port); !read) return read;
  }
  return {};
}

Result<void> read_address(const Fields& fields, std::string& address) {
  if (const auto read = fields.read("Address", address); !read) return read;
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (address.empty()) return {};
  const std::optional<IpAddress> literal = IpAddress::parse(address);
  if (literal && (literal->is_unspecified() || literal->is_multicast())) return invalid("Invalid service address");
  if (!literal && !registry::parse_free_id(address)) return invalid("Invalid service address");
  return {};
}

Result<void> read_checks(const Fields& fields, AskedService& service) {
  const auto one = fields.object("Check");
  if (!one) return std::unexpected(one.error());
  auto several = fields.objects("Checks");
  if (!several) return std::unexpected(several.error());
  if (*one != nullptr) several->insert(several->begin(), *one);
  for (const bj::object* object : *several) {
    const auto is_empty = is_empty_check(*object);
    if (!is_empty) return std::unexpected(is_empty.error());
    if (*is_empty) continue;
    Result<AskedCheck> check = read_check(*object);
    if (!check) return std::unexpected(check.error());
    service.checks.push_back(std::move(*check));
  }
  std::size_t n = 0;
  for (AskedCheck& check : service.checks) {
    ++n;
    if (check.definition.id.empty()) check.definition.id = check_id_of(service.id, n, service.checks.size());
    if (check.name.empty()) check.name = check_name_of(service.name);
    if (!registry::parse_free_id(check.definition.id))
      return invalid("Invalid check: its id is no text of 1 to 255 octets");
  }
  return {};
}

}  // namespace

std::string check_id_of(std::string_view service_id, std::size_t n, std::size_t of) {
  return of > 1 ? fmt::format("service:{}:{}", service_id, n) : fmt::format("service:{}", service_id);
}

std::string check_name_of(std::string_view service_name) { return fmt::format("Service '{}' check", service_name); }

Result<AskedService> read_service(std::string_view body) {
  const Result<bj::object> object = read_body(body);
  if (!object) return std::unexpected(object.error());
  const Fields fields(*object);
  AskedService service;
  std::map<std::string, std::string> meta;
  const auto read_all = [&]() -> Result<void> {
    if (const auto read = fields.read("Name", service.name); !read) return read;
    if (const auto read = fields.read("ID", service.id); !read) return read;
    if (service.name.empty()) return invalid("Missing service name");
    if (service.id.empty()) service.id = service.name;
    if (const auto read = fields.read("Tags", service.tags); !read) return read;
    if (const auto read = fields.read("Meta", meta); !read) return read;
    if (const auto read = fields.read("EnableTagOverride", service.enable_tag_override); !read) return read;
    if (const auto read = fields.read("Kind", service.kind); !read) return read;
    if (const auto read = read_address(fields, service.address); !read) return read;
    if (const auto read = read_port(fields, service.port); !read) return read;
    if (const auto read = read_weights(fields, service.weights); !read) return read;
    if (const auto read = read_tagged(fields, service.tagged_addresses); !read) return read;
    return read_checks(fields, service);
  };
  if (const auto read = read_all(); !read) return std::unexpected(read.error());
  Result<std::string> key = rollcall::consul::parse_service_name(service.name);
  if (!key) return invalid("Invalid service name: " + key.error().message);
  service.key = std::move(*key);
  if (const auto id = registry::parse_free_id(service.id); !id)
    return invalid("Invalid service ID: " + id.error().message);
  for (auto& [name, value] : meta) service.meta.emplace_back(name, std::move(value));
  return service;
}

}  // namespace rollcall::api::consul
