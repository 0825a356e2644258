#include "consul/attributes.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <concepts>

#include "json/writer.h"

namespace rollcall::consul {
namespace {

namespace bj = boost::json;
using std::chrono::milliseconds;

// --- Reading: what has another type than it should is left at its default ---

const bj::value* find(const bj::object& object, std::string_view name) { return object.if_contains(name); }

void take(const bj::object& object, std::string_view name, std::string& into) {
  const bj::value* value = find(object, name);
  if (value != nullptr && value->is_string()) into = std::string(std::string_view(value->get_string()));
}

void take(const bj::object& object, std::string_view name, bool& into) {
  const bj::value* value = find(object, name);
  if (value != nullptr && value->is_bool()) into = value->get_bool();
}

void take(const bj::object& object, std::string_view name, std::uint16_t& into) {
  const bj::value* value = find(object, name);
  if (value == nullptr || !value->is_int64()) return;
  if (const std::int64_t number = value->get_int64(); number >= 0 && number <= UINT16_MAX)
    into = static_cast<std::uint16_t>(number);
}

void take(const bj::object& object, std::string_view name, std::uint64_t& into) {
  const bj::value* value = find(object, name);
  if (value != nullptr && value->is_int64() && value->get_int64() >= 0)
    into = static_cast<std::uint64_t>(value->get_int64());
}

void take(const bj::object& object, std::string_view name, milliseconds& into) {
  const bj::value* value = find(object, name);
  if (value != nullptr && value->is_int64() && value->get_int64() >= 0) into = milliseconds(value->get_int64());
}

void take(const bj::object& object, std::string_view name, std::map<std::string, std::string>& into) {
  const bj::value* value = find(object, name);
  if (value == nullptr || !value->is_object()) return;
  for (const auto& [key, text] : value->get_object()) {
    if (text.is_string()) into.emplace(key, std::string_view(text.get_string()));
  }
}

void take(const bj::object& object, std::string_view name, Weights& into) {
  const bj::value* value = find(object, name);
  if (value == nullptr || !value->is_object()) return;
  take(value->get_object(), "passing", into.passing);
  take(value->get_object(), "warning", into.warning);
}

void take(const bj::object& object, std::string_view name, std::map<std::string, TaggedAddress>& into) {
  const bj::value* value = find(object, name);
  if (value == nullptr || !value->is_object()) return;
  for (const auto& [key, inner] : value->get_object()) {
    if (!inner.is_object()) continue;
    TaggedAddress& address = into[std::string(key)];
    take(inner.get_object(), "address", address.address);
    take(inner.get_object(), "port", address.port);
  }
}

void take(const bj::object& object, std::string_view name, std::optional<ExternalNode>& into) {
  const bj::value* value = find(object, name);
  if (value == nullptr || !value->is_object()) return;
  const bj::object& node = value->get_object();
  into.emplace();
  take(node, "name", into->name);
  take(node, "address", into->address);
  take(node, "id", into->id);
  take(node, "meta", into->meta);
  take(node, "tagged_addresses", into->tagged_addresses);
}

void take(const bj::object& object, std::string_view name, std::vector<std::pair<std::string, std::string>>& into) {
  const bj::value* value = find(object, name);
  if (value == nullptr || !value->is_array()) return;
  for (const bj::value& pair : value->get_array()) {
    if (!pair.is_array() || pair.get_array().size() != 2) continue;
    const bj::array& both = pair.get_array();
    if (both[0].is_string() && both[1].is_string()) {
      into.emplace_back(std::string_view(both[0].get_string()), std::string_view(both[1].get_string()));
    }
  }
}

void take(const bj::object& object, std::string_view name, std::vector<std::string>& into) {
  const bj::value* value = find(object, name);
  if (value == nullptr || !value->is_array()) return;
  for (const bj::value& text : value->get_array()) {
    if (text.is_string()) into.emplace_back(std::string_view(text.get_string()));
  }
}

CheckDefinition check_of(const bj::object& object) {
  CheckDefinition check;
  take(object, "id", check.id);
  take(object, "notes", check.notes);
  take(object, "type", check.type);
  take(object, "ttl_ms", check.ttl);
  take(object, "interval_ms", check.interval);
  take(object, "timeout_ms", check.timeout);
  take(object, "target", check.target);
  take(object, "alias_node", check.alias_node);
  take(object, "method", check.method);
  take(object, "body", check.body);
  take(object, "header", check.header);
  take(object, "tls_skip_verify", check.skips_tls_verify);
  take(object, "tls", check.uses_tls);
  take(object, "tls_server_name", check.tls_server_name);
  take(object, "success_before_passing", check.success_before_passing);
  take(object, "failures_before_warning", check.failures_before_warning);
  take(object, "failures_before_critical", check.failures_before_critical);
  return check;
}

// --- Writing: in a fixed order, so that equal attributes are equal texts ---

class Text {
 public:
  Text() { out_.open_object(); }
  [[nodiscard]] std::string take() {
    out_.close_object();
    return has_members_ ? out_.take() : std::string();
  }

  void put(std::string_view name, const std::string& text) {
    if (!text.empty()) member(name).value(text);
  }
  void put(std::string_view name, std::same_as<bool> auto truth) {
    if (truth) member(name).value(true);
  }
  void put(std::string_view name, milliseconds duration) {
    if (duration.count() != 0) member(name).value(duration.count());
  }
  void put(std::string_view name, std::uint16_t number, std::uint16_t standard = 0) {
    if (number != standard) member(name).value(number);
  }
  void put(std::string_view name, const std::map<std::string, std::string>& texts) {
    if (texts.empty()) return;
    member(name).open_object();
    for (const auto& [key, text] : texts) out_.text_name(key).value(text);
    out_.close_object();
  }
  json::Writer& member(std::string_view name) {
    has_members_ = true;
    return out_.name(name);
  }
  json::Writer& out() { return out_; }

 private:
  json::Writer out_;
  bool has_members_ = false;
};

std::string text_of(const CheckDefinition& check) {
  Text text;
  text.put("id", check.id);
  text.put("notes", check.notes);
  text.put("type", check.type);
  text.put("ttl_ms", check.ttl);
  text.put("interval_ms", check.interval);
  text.put("timeout_ms", check.timeout);
  text.put("target", check.target);
  text.put("alias_node", check.alias_node);
  text.put("method", check.method);
  text.put("body", check.body);
  if (!check.header.empty()) {
    text.member("header").open_array();
    for (const auto& [name, value] : check.header) text.out().open_array().value(name).value(value).close_array();
    text.out().close_array();
  }
  text.put("tls_skip_verify", check.skips_tls_verify);
  text.put("tls", check.uses_tls);
  text.put("tls_server_name", check.tls_server_name);
  text.put("success_before_passing", check.success_before_passing);
  text.put("failures_before_warning", check.failures_before_warning);
  text.put("failures_before_critical", check.failures_before_critical);
  const std::string written = text.take();
  return written.empty() ? "{}" : written;
}

std::string text_of(const ExternalNode& node) {
  Text text;
  text.put("name", node.name);
  text.put("address", node.address);
  text.put("id", node.id);
  text.put("meta", node.meta);
  text.put("tagged_addresses", node.tagged_addresses);
  const std::string written = text.take();
  return written.empty() ? "{}" : written;
}

std::string text_of(const Weights& weights) {
  Text text;
  text.put("passing", weights.passing, 1);
  text.put("warning", weights.warning, 1);
  return text.take();
}

}  // namespace

const CheckDefinition* Attributes::find_check(std::string_view check) const {
  const auto found = std::ranges::find(checks, check, &CheckDefinition::id);
  return found == checks.end() ? nullptr : &*found;
}

Attributes parse_attributes(std::string_view json) {
  Attributes attributes;
  if (json.empty()) return attributes;
  boost::system::error_code failed;
  const bj::value whole = bj::parse(json, failed);
  if (failed || !whole.is_object()) return attributes;
  const bj::object& object = whole.get_object();
  take(object, "name", attributes.name);
  take(object, "id", attributes.id);
  take(object, "host", attributes.host);
  take(object, "node_address", attributes.has_node_address);
  take(object, "node", attributes.node);
  take(object, "tags", attributes.tags);
  take(object, "tagged_addresses", attributes.tagged_addresses);
  take(object, "weights", attributes.weights);
  take(object, "enable_tag_override", attributes.enable_tag_override);
  take(object, "kind", attributes.kind);
  take(object, "created", attributes.created);
  if (const bj::value* checks = find(object, "checks"); checks != nullptr && checks->is_array()) {
    for (const bj::value& check : checks->get_array()) {
      if (check.is_object()) attributes.checks.push_back(check_of(check.get_object()));
    }
  }
  return attributes;
}

std::string write_attributes(const Attributes& attributes) {
  Text text;
  text.put("name", attributes.name);
  text.put("id", attributes.id);
  text.put("host", attributes.host);
  text.put("node_address", attributes.has_node_address);
  if (attributes.node) text.member("node").raw(text_of(*attributes.node));
  if (!attributes.tags.empty()) {
    text.member("tags").open_array();
    for (const std::string& tag : attributes.tags) text.out().value(tag);
    text.out().close_array();
  }
  if (!attributes.tagged_addresses.empty()) {
    text.member("tagged_addresses").open_object();
    for (const auto& [key, address] : attributes.tagged_addresses) {
      text.out().text_name(key).open_object().member("address", address.address).member("port", address.port);
      text.out().close_object();
    }
    text.out().close_object();
  }
  if (attributes.weights != Weights{}) text.member("weights").raw(text_of(attributes.weights));
  text.put("enable_tag_override", attributes.enable_tag_override);
  text.put("kind", attributes.kind);
  if (attributes.created != 0) text.member("created").raw(std::to_string(attributes.created));
  if (!attributes.checks.empty()) {
    text.member("checks").open_array();
    for (const CheckDefinition& check : attributes.checks) text.out().raw(text_of(check));
    text.out().close_array();
  }
  return text.take();
}

}  // namespace rollcall::consul
