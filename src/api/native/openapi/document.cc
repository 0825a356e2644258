#include "api/native/openapi/document.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <iterator>
#include <set>

#include "api/native/openapi/schema.h"
#include "api/native/openapi/schemas.h"
#include "api/native/parameters.h"
#include "base/ascii_case.h"
#include "base/check.h"

namespace rollcall::api::native::openapi {
namespace {

namespace json = boost::json;

constexpr std::string_view k_problem = "application/problem+json";
constexpr std::string_view k_about =
    "Rollcall is an authoritative DNS server whose zone contents are the services that are alive right now. As long as "
    "no "
    "credentials are configured, everybody who reaches the port may read, and this machine alone may change anything; "
    "with "
    "them, every call that has a security requirement needs a token or a client certificate. Unknown parameters and "
    "fields "
    "are refused.";

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

json::object reference(std::string_view kind, std::string_view name) {
  return {{"$ref", fmt::format("#/components/{}/{}", kind, name)}};
}

// What the router and the connection may answer to every call (refusal.cc).
struct Common {
  unsigned status;
  std::string_view name;
  std::string_view text;
  std::string_view header = {};
};
constexpr Common k_common[] = {
    {400, "BadRequest", "A field, a parameter or the request itself is wrong; the detail says what."},
    {401, "Unauthenticated", "No token, or one that is not known.", "WWW-Authenticate"},
    {403, "Forbidden", "The caller may not do this; the detail says which right, zone or service is missing."},
    {404, "NotFound", "No such zone, service or instance."},
    {413, "TooLarge", "The body is too large."},
    {414, "TargetTooLong", "The request line is too long. The connection ends."},
    {421, "UnknownHost", "`Host` names none of this server's names, while no credentials are configured."},
    {431, "HeaderTooLarge", "Request line and fields are too long. The connection ends."},
    {501, "UnknownTransferCoding", "Another Transfer-Encoding than chunked. The connection ends."},
    {503, "Unavailable", "The store cannot write, this node cannot make the call count, or too much is waiting.",
     "Retry-After"},
};

struct HeaderText {
  std::string_view name;
  std::string_view text;
  Schema (*schema)();
};
constexpr HeaderText k_headers[] = {
    {"Location", "Where the instance can be read.", [] { return text(1); }},
    {"X-Rollcall-Index", "The index of the last change that the answer shows.", [] { return named("Index"); }},
    {"Retry-After", "Seconds.", [] { return count(); }},
    {"WWW-Authenticate", "Bearer (RFC 6750).", [] { return text(1); }},
    {"Accept-Patch", "The types that a patch may have (RFC 5789).", [] { return text(1); }},
};

json::object headers_of(std::string_view name) {
  const auto* const known = std::ranges::find(k_headers, name, &HeaderText::name);
  check(known != std::end(k_headers), "a header that an answer has is described");
  return {{view(name), reference("headers", name)}};
}

json::object header_components() {
  json::object all;
  for (const HeaderText& header : k_headers) {
    all[view(header.name)] = {{"description", view(header.text)}, {"required", true}, {"schema", header.schema()}};
  }
  return all;
}

json::object content_of(std::string_view type, std::string_view schema) {
  json::object media;
  if (!schema.empty()) media["schema"] = named(schema);
  return {{view(type), std::move(media)}};
}

json::object response_components() {
  json::object all;
  for (const Common& common : k_common) {
    json::object response{{"description", view(common.text)}, {"content", content_of(k_problem, "Problem")}};
    if (!common.header.empty()) response["headers"] = headers_of(common.header);
    all[view(common.name)] = std::move(response);
  }
  return all;
}

// An answer to HEAD has the fields of the one to GET, and no content.
void put_answer(json::object& responses, const Answer& answer, bool has_content) {
  json::value& place = responses[std::to_string(answer.status)];
  if (place.is_null()) place = {{"description", view(answer.text)}};
  json::object& response = place.get_object();
  if (!answer.header.empty()) response["headers"] = headers_of(answer.header);
  if (!has_content || answer.type.empty()) return;
  json::value& content = response["content"];
  if (content.is_null()) content = json::object();
  for (const auto& [type, media] : content_of(answer.type, answer.schema)) content.get_object()[type] = media;
}

json::object responses_of(const Described& row, bool has_content) {
  json::object responses;
  for (const Answer& answer : row.operation->answers) {
    if (answer.status != 0) put_answer(responses, answer, has_content);
  }
  for (const Common& common : k_common) {
    if (row.route.right == Right::none && (common.status == 401 || common.status == 403)) continue;
    if (has_content) {
      responses[std::to_string(common.status)] = reference("responses", common.name);
    } else {
      put_answer(responses, {.status = common.status, .text = common.text, .header = common.header}, false);
    }
  }
  return responses;
}

// "{service}" of a path.
void put_path_parameters(json::array& into, std::string_view path) {
  while (path.find('{') != std::string_view::npos) {
    path.remove_prefix(path.find('{') + 1);
    const std::string_view name = path.substr(0, path.find('}'));
    check(name == "service" || name == "id", "what a path captures has a schema");
    into.push_back({{"name", view(name)},
                    {"in", "path"},
                    {"required", true},
                    {"schema", named(name == "service" ? "Label" : "InstanceId")},
                    {"example", name == "service" ? "web" : "web-1"}});
  }
}

void put_query_parameters(json::array& into, const Route& route) {
  const std::span<const Parameter> known = known_parameters();
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i].bit != 0 && (known[i].bit & route.options.takes) == 0) continue;
    const ParameterText& says = parameter_texts()[i];
    json::object parameter;
    // "meta.KEY=value": an object whose members are parameters, by the style "form".
    parameter["name"] = view(known[i].is_prefix ? known[i].name.substr(0, known[i].name.find('.')) : known[i].name);
    parameter["in"] = "query";
    parameter["description"] = view(says.text);
    if (says.text.ends_with("; required.")) parameter["required"] = true;
    if (known[i].is_prefix) {
      parameter["style"] = "form";
      parameter["explode"] = true;
    }
    parameter["schema"] = named(says.schema);
    into.push_back(std::move(parameter));
  }
}

json::object body_of(const Operation& operation) {
  json::object content = content_of(k_json, operation.body_schema);
  if (operation.body == Body::merge_patch) {
    content = content_of("application/merge-patch+json", operation.body_schema);
    content["application/json"] = content_of(k_json, operation.body_schema)["application/json"];
  }
  return {{"required", operation.body != Body::optional_json}, {"content", std::move(content)}};
}

json::array security() {
  return {json::object{{"token", json::array()}}, json::object{{"certificate", json::array()}}};
}

json::object operation_of(const Described& row, bool is_head) {
  const Operation& says = *row.operation;
  json::object operation;
  std::string id(says.id);
  if (is_head) {
    id.front() = static_cast<char>(id.front() & ~0x20);
    id.insert(0, "head");
  }
  operation["operationId"] = id;
  operation["summary"] =
      is_head ? std::string("The header fields of: ").append(says.summary) : std::string(says.summary);
  if (!says.text.empty()) operation["description"] = view(says.text);
  operation["tags"] = {view(says.tag)};
  json::array parameters;
  put_path_parameters(parameters, row.route.path.text());
  put_query_parameters(parameters, row.route);
  if (!says.header.empty()) {
    parameters.push_back({{"name", view(says.header)},
                          {"in", "header"},
                          {"description", "The event_id of the last event that the client knows."},
                          {"schema", named("EventId")}});
  }
  operation["parameters"] = std::move(parameters);
  if (says.body != Body::none) operation["requestBody"] = body_of(says);
  operation["responses"] = responses_of(row, !is_head);
  if (row.route.right == Right::none) {
    operation["security"] = json::array();
  } else {
    operation["security"] = security();
    operation["x-right"] = view(to_text(row.route.right));
  }
  return operation;
}

constexpr Method k_methods[] = {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del};

json::object paths_of(std::span<const Described> table) {
  json::object paths;
  std::set<std::string_view> ids;
  for (const Described& row : table) {
    check(ids.insert(row.operation->id).second, "an operation stands in one row");
    json::value& place = paths[view(row.route.path.text())];
    if (place.is_null()) place = json::object();
    for (const Method method : k_methods) {
      if (!row.route.takes(method)) continue;
      place.get_object()[to_lower(to_text(method))] = operation_of(row, method == Method::head);
    }
  }
  return paths;
}

json::array tags() {
  const auto tag = [](std::string_view name, std::string_view text) {
    return json::object{{"name", view(name)}, {"description", view(text)}};
  };
  return {tag("registering", "Instances come, stay, change and leave."), tag("reading", "Who is there."),
          tag("watching", "What happens."), tag("server", "The server itself.")};
}

// Every "$ref" leads to a component that is there.
void check_references(const json::value& value, const json::object& components) {
  if (const json::array* list = value.if_array()) {
    for (const json::value& element : *list) check_references(element, components);
  } else if (const json::object* members = value.if_object()) {
    for (const auto& [name, member] : *members) {
      if (name != "$ref") {
        check_references(member, components);
        continue;
      }
      constexpr std::string_view k_root = "#/components/";
      std::string_view way(member.get_string().data(), member.get_string().size());
      check(way.starts_with(k_root), "a reference leads to a component");
      way.remove_prefix(k_root.size());
      const json::value* kind = components.if_contains(view(way.substr(0, way.find('/'))));
      check(kind != nullptr && kind->get_object().contains(view(way.substr(way.find('/') + 1))),
            "what is referred to is there");
    }
  }
}

}  // namespace

std::string write_document(std::span<const Described> table, std::string_view version, registry::EventNumbers numbers) {
  json::object schemas;
  put_values(schemas);
  put_requests(schemas);
  put_answers(schemas, numbers);
  json::object components{
      {"schemas", std::move(schemas)},
      {"responses", response_components()},
      {"headers", header_components()},
      {"securitySchemes",
       {{"token", {{"type", "http"}, {"scheme", "bearer"}, {"description", "A token of the settings, `[[token]]`."}}},
        {"certificate", {{"type", "mutualTLS"}, {"description", "A client certificate, `[[certificate]]`."}}}}}};
  json::object document{{"openapi", "3.1.0"},
                        {"info", {{"title", "Rollcall"}, {"version", view(version)}, {"description", view(k_about)}}},
                        {"servers", json::array{json::object{{"url", "/"}}}},
                        {"tags", tags()},
                        {"paths", paths_of(table)}};
  check_references(document, components);
  check_references(components, components);
  document["components"] = std::move(components);
  return json::serialize(document);
}

}  // namespace rollcall::api::native::openapi
