#include "tools/rollcall/consul_copy.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <fmt/format.h>

#include "base/base64.h"
#include "base/http_url.h"
#include "client/problem.h"
#include "tools/rollcall/fields.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view k_mark = "imported-from";  // in the meta of an imported instance's node
constexpr unsigned k_not_found = 404;

// Reads JSON from one of the two. Null where there is nothing (404).
Result<json::value> get(client::HttpClient& client, std::string target) {
  client::HttpRequest request;
  request.target = std::move(target);
  const Result<client::HttpResponse> response = client.call(request);
  if (!response) return std::unexpected(response.error());
  if (response->status == k_not_found) return json::value();
  if (!response->is_ok()) {
    Error error = client::problem_of(*response);
    return failure(error.code, fmt::format("{}: {} {}", request.target, response->status,
                                           response->body.empty() ? error.message : response->body.substr(0, 200)));
  }
  boost::system::error_code failed;
  json::value value = json::parse(response->body, failed);
  if (failed) return failure(Errc::unreachable, request.target + ": the answer is no JSON, so this is no Consul");
  return value;
}

const json::array& rows(const json::value& value) {
  static const json::array none;
  return value.is_array() ? value.get_array() : none;
}

const json::value& member(const json::value& value, std::string_view name) {
  static const json::value null;
  const json::value* const found = find_field(value, name);
  return found == nullptr ? null : *found;
}

std::string text_of(const json::value& value, std::string_view name) { return raw_text_at(value, name); }

std::uint64_t unsigned_of(const json::value& value, std::string_view name) {
  const json::value& number = member(value, name);
  if (number.is_uint64()) return number.get_uint64();
  return number.is_int64() ? static_cast<std::uint64_t>(number.get_int64()) : 0;
}

std::string path_of_key(std::string_view key) {
  std::string path = "/v1/kv/";
  while (true) {
    const std::size_t slash = key.find('/');
    path += encode_segment(key.substr(0, slash));
    if (slash == std::string_view::npos) return path;
    path += '/';
    key.remove_prefix(slash + 1);
  }
}

// Consul's own services, and those of a mesh, mean nothing to a registry without one.
std::string why_not(const json::value& service) {
  const std::string kind = text_of(service, "Kind");
  if (!kind.empty()) return fmt::format("it is a {} of Consul's service mesh", kind);
  return {};
}

// The checks of the instance, and those of its node that are not passing, so that the instance has their status here too.
json::array checks_of(const json::value& row, const std::string& id) {
  json::array checks;
  for (const json::value& check : rows(member(row, "Checks"))) {
    const bool is_of_node = text_of(check, "ServiceID").empty();
    if (is_of_node && text_of(check, "Status") == "passing") continue;
    json::object copy;
    copy["CheckID"] = is_of_node ? fmt::format("node:{}:{}", text_of(check, "CheckID"), id) : text_of(check, "CheckID");
    for (const char* name : {"Name", "Status", "Notes", "Output", "Node"}) copy[name] = text_of(check, name);
    copy["ServiceID"] = id;
    checks.push_back(std::move(copy));
  }
  return checks;
}

// What is taken of a row is the same as in src/api/consul/follow/source.cc.
json::object registration_of(const json::value& row, const std::string& source) {
  const json::value& node = member(row, "Node");
  const json::value& service = member(row, "Service");
  json::object wanted;
  for (const char* name :
       {"ID", "Service", "Address", "Tags", "Meta", "Port", "Weights", "TaggedAddresses", "EnableTagOverride"}) {
    if (!member(service, name).is_null()) wanted[name] = member(service, name);
  }
  json::object meta;
  if (const json::value& given = member(node, "Meta"); given.is_object()) meta = given.get_object();
  meta[k_mark] = source;
  json::object body;
  body["Node"] = text_of(node, "Node");
  body["Address"] = text_of(node, "Address");
  body["NodeMeta"] = std::move(meta);
  body["Service"] = std::move(wanted);
  body["Checks"] = checks_of(row, text_of(service, "ID"));
  return body;
}

}  // namespace

Result<Copied> ConsulCopy::copy() {
  Copied copied;
  for (const auto step : {&ConsulCopy::copy_services, &ConsulCopy::copy_keys, &ConsulCopy::copy_queries}) {
    if (Result<void> done = (this->*step)(copied); !done) return std::unexpected(std::move(done.error()));
  }
  // The one that answers comes first.
  const Result<json::value> datacenters = get(source_, "/v1/catalog/datacenters");
  const json::array& names = datacenters ? rows(*datacenters) : rows({});
  for (std::size_t i = 1; i < names.size(); ++i) {
    copied.skipped.push_back(
        fmt::format("datacenter {}: only the one that answers is copied; start another copy from a server there",
                    json::serialize(names[i])));
  }
  return copied;
}

Result<bool> ConsulCopy::change(client::HttpRequest request, const std::string& what, Copied& copied) {
  if (rules_.is_trial) return true;
  const Result<client::HttpResponse> response = registry_.call(request);
  if (!response) return std::unexpected(response.error());
  if (response->is_ok() && response->body.find("false") != 0) return true;
  copied.failures.push_back(fmt::format("{}: {}", what,
                                        response->is_ok()        ? "it has changed here meanwhile"
                                        : response->body.empty() ? client::problem_of(*response).message
                                                                 : response->body.substr(0, 300)));
  return false;
}

// --- Services ---

Result<void> ConsulCopy::copy_services(Copied& copied) {
  const Result<json::value> names = get(source_, "/v1/catalog/services");
  if (!names) return std::unexpected(names.error());
  if (!names->is_object())
    return failure(Errc::unreachable, "/v1/catalog/services: no list of services, so this is no Consul");
  there_.clear();
  for (const auto& [name, tags] : names->get_object()) {
    if (name == "consul") continue;
    ++copied.services;
    if (Result<void> done = copy_service(std::string(name), copied); !done) return done;
  }
  const Result<json::value> ours = get(registry_, "/v1/catalog/services");
  if (!ours) return std::unexpected(ours.error());
  if (!ours->is_object()) return {};
  for (const auto& [name, tags] : ours->get_object()) {
    if (Result<void> done = drop_vanished(std::string(name), copied); !done) return done;
  }
  return {};
}

Result<void> ConsulCopy::copy_service(const std::string& name, Copied& copied) {
  const std::string path = "/v1/health/service/" + encode_segment(name);
  const Result<json::value> source = get(source_, path);
  if (!source) return std::unexpected(source.error());
  const Result<json::value> ours = get(registry_, path);
  if (!ours) return std::unexpected(ours.error());
  for (const json::value& row : rows(*source)) {
    const json::value& service = member(row, "Service");
    const std::string node = text_of(member(row, "Node"), "Node");
    const std::string id = text_of(service, "ID");
    const std::string what = fmt::format("{}/{} of node {}", name, id, node);
    if (const std::string reason = why_not(service); !reason.empty()) {
      copied.skipped.push_back(what + ": " + reason);
      continue;
    }
    const bool is_here = std::ranges::any_of(rows(*ours), [&](const json::value& other) {
      return text_of(member(other, "Service"), "ID") == id &&
             text_of(member(member(other, "Node"), "Meta"), k_mark) != rules_.source;
    });
    if (is_here) {
      copied.skipped.push_back(what + ": it has registered here by itself");
      continue;
    }
    there_[name].emplace(node, id);
    const json::object wanted = registration_of(row, rules_.source);
    const bool is_same = std::ranges::any_of(rows(*ours), [&](const json::value& other) {
      return text_of(member(other, "Node"), "Node") == node && text_of(member(other, "Service"), "ID") == id &&
             registration_of(other, rules_.source) == wanted;
    });
    if (is_same) {
      ++copied.unchanged;
      continue;
    }
    client::HttpRequest request{.method = "PUT", .target = "/v1/catalog/register"};
    request.body = json::serialize(wanted);
    const Result<bool> done = change(std::move(request), what, copied);
    if (!done) return std::unexpected(done.error());
    if (!*done) continue;
    ++copied.registered;
    if (wanted.at("Checks").get_array().empty()) continue;
    // A registration that comes again keeps the status of its checks: this is what sets it.
    json::object checks = wanted;
    checks.erase("Service");
    client::HttpRequest told{.method = "PUT", .target = "/v1/catalog/register"};
    told.body = json::serialize(checks);
    if (const Result<bool> set = change(std::move(told), what, copied); !set) return std::unexpected(set.error());
  }
  return {};
}

// What an earlier copy has brought here, and the source has no more or has registered here by itself.
Result<void> ConsulCopy::drop_vanished(const std::string& name, Copied& copied) {
  const Result<json::value> ours = get(registry_, "/v1/health/service/" + encode_segment(name));
  if (!ours) return std::unexpected(ours.error());
  for (const json::value& row : rows(*ours)) {
    const json::value& node = member(row, "Node");
    if (text_of(member(node, "Meta"), k_mark) != rules_.source) continue;
    const std::string id = text_of(member(row, "Service"), "ID");
    const auto service = there_.find(name);
    if (service != there_.end() && service->second.contains({text_of(node, "Node"), id})) continue;
    if (Result<void> done = deregister(text_of(node, "Node"), id, copied); !done) return done;
  }
  return {};
}

Result<void> ConsulCopy::deregister(const std::string& node, const std::string& id, Copied& copied) {
  client::HttpRequest request{.method = "PUT", .target = "/v1/catalog/deregister"};
  request.body = json::serialize(
      json::object{{"Node", node}, {"NodeMeta", json::object{{k_mark, rules_.source}}}, {"ServiceID", id}});
  const Result<bool> done = change(std::move(request), fmt::format("{} of node {}", id, node), copied);
  if (!done) return std::unexpected(done.error());
  if (*done) ++copied.deregistered;
  return {};
}

// --- Keys ---

Result<void> ConsulCopy::copy_keys(Copied& copied) {
  const Result<json::value> source = get(source_, "/v1/kv/?recurse");
  if (!source) return std::unexpected(source.error());
  const Result<json::value> ours = get(registry_, "/v1/kv/?recurse");
  if (!ours) return std::unexpected(ours.error());
  struct Here {
    Value value;
    std::uint64_t index;
  };
  std::map<std::string, Here> here;
  for (const json::value& row : rows(*ours)) {
    here[text_of(row, "Key")] = {{text_of(row, "Value"), unsigned_of(row, "Flags")}, unsigned_of(row, "ModifyIndex")};
  }
  std::set<std::string> there;
  for (const json::value& row : rows(*source)) {
    const std::string key = text_of(row, "Key");
    const Value value{text_of(row, "Value"), unsigned_of(row, "Flags")};
    there.insert(key);
    if (const std::string session = text_of(row, "Session"); !session.empty() && !set_.contains(key)) {
      copied.skipped.push_back(
          fmt::format("the lock on {}: sessions are not copied, its holder acquires it here", key));
    }
    const auto found = here.find(key);
    if (found != here.end() && found->second.value == value) {
      ++copied.keys_unchanged;
      set_[key] = value;
      continue;
    }
    const auto mine = set_.find(key);
    const bool is_mine = found != here.end() && mine != set_.end() && mine->second == found->second.value;
    if (found != here.end() && !is_mine && !rules_.replaces_values) {
      copied.skipped.push_back(
          fmt::format("key {}: it has another value here (--overwrite takes that of Consul)", key));
      continue;
    }
    const std::optional<std::string> octets = decode_base64(value.first);
    if (!octets) {
      copied.failures.push_back(fmt::format("key {}: its value is no Base64", key));
      continue;
    }
    client::HttpRequest request{.method = "PUT"};
    request.target = fmt::format("{}?flags={}&cas={}", path_of_key(key), value.second,
                                 found == here.end() ? 0 : found->second.index);
    request.body = *octets;
    const Result<bool> done = change(std::move(request), "key " + key, copied);
    if (!done) return std::unexpected(done.error());
    if (!*done) continue;
    set_[key] = value;
    ++copied.keys_set;
  }
  for (auto each = set_.begin(); each != set_.end();) {
    const auto found = here.find(each->first);
    const bool is_gone = !there.contains(each->first);
    if (is_gone && found != here.end() && found->second.value == each->second) {
      client::HttpRequest request{.method = "DELETE"};
      request.target = fmt::format("{}?cas={}", path_of_key(each->first), found->second.index);
      const Result<bool> done = change(std::move(request), "key " + each->first, copied);
      if (!done) return std::unexpected(done.error());
      if (*done) ++copied.keys_deleted;
    }
    each = is_gone ? set_.erase(each) : std::next(each);
  }
  return {};
}

// --- Prepared queries ---

Result<void> ConsulCopy::copy_queries(Copied& copied) {
  const Result<json::value> source = get(source_, "/v1/query");
  if (!source) {
    copied.skipped.push_back("prepared queries: " + source.error().message);
    return {};
  }
  const Result<json::value> ours = get(registry_, "/v1/query");
  if (!ours) return std::unexpected(ours.error());
  for (const json::value& row : rows(*source)) {
    const std::string name = text_of(row, "Name");
    const std::string what = fmt::format("prepared query {}", name.empty() ? text_of(row, "ID") : name);
    if (!text_of(member(row, "Template"), "Type").empty()) {
      copied.skipped.push_back(what + ": it is a template, which is not supported");
      continue;
    }
    if (!text_of(row, "Session").empty()) {
      copied.skipped.push_back(what + ": it belongs to a session, and sessions are not copied");
      continue;
    }
    const std::string service = text_of(member(row, "Service"), "Service");
    const bool is_here = std::ranges::any_of(rows(*ours), [&](const json::value& other) {
      return text_of(other, "Name") == name &&
             (!name.empty() || text_of(member(other, "Service"), "Service") == service);
    });
    if (is_here) {
      ++copied.queries_unchanged;
      continue;
    }
    client::HttpRequest request{.method = "POST", .target = "/v1/query"};
    json::object body{{"Name", name}, {"Service", member(row, "Service")}, {"DNS", member(row, "DNS")}};
    request.body = json::serialize(body);
    const Result<bool> done = change(std::move(request), what, copied);
    if (!done) return std::unexpected(done.error());
    if (*done) ++copied.queries_made;
  }
  return {};
}

}  // namespace rollcall::cli
