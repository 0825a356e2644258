#include "api/consul/follow/source.h"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace rollcall::api::consul {
namespace {

namespace json = boost::json;

constexpr std::uint16_t k_consul_port = 8500;
constexpr std::string_view k_token_goes = "a token is in the file that [consul] follow_token_file names";
constexpr std::string_view k_own_service = "consul";  // of the source itself

const json::value& member(const json::value& value, std::string_view name) {
  static const json::value null;
  const json::object* const object = value.if_object();
  const json::value* const found = object == nullptr ? nullptr : object->if_contains(name);
  return found == nullptr ? null : *found;
}

std::string text_of(const json::value& value, std::string_view name) {
  const json::string* const text = member(value, name).if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::uint16_t port_of(const json::value& service) {
  const std::int64_t* const number = member(service, "Port").if_int64();
  return number == nullptr || *number < 0 || *number > UINT16_MAX ? std::uint16_t{0}
                                                                  : static_cast<std::uint16_t>(*number);
}

Result<json::value> parse(std::string_view body, std::string_view what) {
  boost::system::error_code failed;
  json::value value = json::parse(json::string_view(body.data(), body.size()), failed);
  if (failed) return failure(Errc::unreachable, fmt::format("{}: the answer is no JSON, so this is no Consul", what));
  return value;
}

// The checks of the instance, and those of its node that are not passing, so that it has their status here too.
void add_checks(const json::value& row, SourceInstance& instance, json::object& body) {
  json::array checks;
  const json::array* const given = member(row, "Checks").if_array();
  for (const json::value& check : given == nullptr ? json::array() : *given) {
    const bool is_of_node = text_of(check, "ServiceID").empty();
    if (is_of_node && text_of(check, "Status") == "passing") continue;
    std::string id = text_of(check, "CheckID");
    if (is_of_node) id = fmt::format("node:{}:{}", id, instance.id);
    json::object copy{{"CheckID", id}, {"ServiceID", instance.id}};
    for (const char* name : {"Name", "Status", "Notes", "Output", "Node"}) copy[name] = text_of(check, name);
    checks.push_back(std::move(copy));
    instance.checks.push_back(std::move(id));
  }
  body["Checks"] = std::move(checks);
}

// What is taken of a row is the same as in tools/rollcall/consul_copy.cc: the command line stands on the client library alone.
SourceInstance instance_of(const json::value& row, const std::string& authority) {
  const json::value& node = member(row, "Node");
  const json::value& service = member(row, "Service");
  SourceInstance instance{.node = text_of(node, "Node"),
                          .id = text_of(service, "ID"),
                          .address = text_of(service, "Address"),
                          .port = port_of(service),
                          .checks = {},
                          .body = {}};
  if (instance.address.empty()) instance.address = text_of(node, "Address");
  json::object wanted;
  for (const char* name :
       {"ID", "Service", "Address", "Tags", "Meta", "Port", "Weights", "TaggedAddresses", "EnableTagOverride"}) {
    if (const json::value& given = member(service, name); !given.is_null()) wanted[name] = given;
  }
  json::object meta;
  if (const json::object* const given = member(node, "Meta").if_object()) meta = *given;
  meta[k_taken_over_mark] = authority;
  json::object body{{"Node", instance.node}, {"Address", text_of(node, "Address")}, {"NodeMeta", std::move(meta)}};
  body["Service"] = std::move(wanted);
  add_checks(row, instance, body);
  instance.body = json::serialize(body);
  return instance;
}

}  // namespace

Result<SourceUrl> parse_source_url(std::string_view text) {
  Result<SourceUrl> url = parse_http_url(text, {.http_port = k_consul_port, .instead_of_userinfo = k_token_goes});
  if (url) return url;
  return failure(Errc::invalid, fmt::format("\"{}\" is no address of a Consul: {}", text, url.error().message));
}

std::string waiting_target(std::string_view path, std::uint64_t index, std::chrono::milliseconds wait) {
  if (index == 0) return std::string(path);
  return fmt::format("{}?index={}&wait={}ms", path, index, wait.count());
}

std::string path_of_service(std::string_view name) { return "/v1/health/service/" + encode_segment(name); }

Result<std::vector<std::string>> read_source_names(std::string_view body) {
  const Result<json::value> value = parse(body, "/v1/catalog/services");
  if (!value) return std::unexpected(value.error());
  const json::object* const services = value->if_object();
  if (services == nullptr)
    return failure(Errc::unreachable, "/v1/catalog/services: no list of services, so this is no Consul");
  std::vector<std::string> names;
  for (const auto& [name, tags] : *services) {
    if (name != k_own_service) names.emplace_back(name);
  }
  return names;
}

Result<SourceService> read_source_service(std::string_view body, const std::string& authority) {
  const Result<json::value> value = parse(body, "/v1/health/service");
  if (!value) return std::unexpected(value.error());
  const json::array* const rows = value->if_array();
  if (rows == nullptr)
    return failure(Errc::unreachable, "/v1/health/service: no list of instances, so this is no Consul");
  SourceService service;
  for (const json::value& row : *rows) {
    const std::string kind = text_of(member(row, "Service"), "Kind");
    SourceInstance instance = instance_of(row, authority);
    if (instance.node.empty() || instance.id.empty())
      return failure(Errc::unreachable,
                     "/v1/health/service: an instance without a node or an id, so this is no Consul");
    if (!kind.empty()) {
      service.left_out.push_back(
          fmt::format("{} of node {}: it is a {} of Consul's service mesh", instance.id, instance.node, kind));
      continue;
    }
    service.instances.push_back(std::move(instance));
  }
  return service;
}

}  // namespace rollcall::api::consul
