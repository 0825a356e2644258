#include "api/consul/selection.h"

#include <algorithm>

#include "api/consul/responses.h"

namespace rollcall::api::consul {
namespace {

using rollcall::consul::SeenCheck;

enum Field : unsigned {
  node_id,
  node_name,
  node_address,
  datacenter,
  node_addresses,
  node_meta,
  service_id,
  service_name,
  service_tags,
  service_address,
  service_addresses,
  service_meta,
  service_port,
  weight_passing,
  weight_warning,
  tag_override,
  service_kind,
  check_node,
  check_id,
  check_name,
  check_status,
  check_notes,
  check_output,
  check_service_id,
  check_service_name,
  check_tags,
  check_type,
};

using enum FieldKind;

constexpr FilterField k_health[] = {
    {"Node.ID", text, node_id},
    {"Node.Node", text, node_name},
    {"Node.Address", text, node_address},
    {"Node.Datacenter", text, datacenter},
    {"Node.TaggedAddresses", map, node_addresses},
    {"Node.Meta", map, node_meta},
    {"Service.ID", text, service_id},
    {"Service.Service", text, service_name},
    {"Service.Tags", texts, service_tags},
    {"Service.Address", text, service_address},
    {"Service.TaggedAddresses", map, service_addresses},
    {"Service.Meta", map, service_meta},
    {"Service.Port", number, service_port},
    {"Service.Weights.Passing", number, weight_passing},
    {"Service.Weights.Warning", number, weight_warning},
    {"Service.EnableTagOverride", truth, tag_override},
    {"Service.Kind", text, service_kind},
    {"Checks.Node", text, check_node, true},
    {"Checks.CheckID", text, check_id, true},
    {"Checks.Name", text, check_name, true},
    {"Checks.Status", text, check_status, true},
    {"Checks.Notes", text, check_notes, true},
    {"Checks.Output", text, check_output, true},
    {"Checks.ServiceID", text, check_service_id, true},
    {"Checks.ServiceName", text, check_service_name, true},
    {"Checks.ServiceTags", texts, check_tags},
    {"Checks.Type", text, check_type, true},
};
constexpr FilterField k_catalog[] = {
    {"ID", text, node_id},
    {"Node", text, node_name},
    {"Address", text, node_address},
    {"Datacenter", text, datacenter},
    {"TaggedAddresses", map, node_addresses},
    {"NodeMeta", map, node_meta},
    {"ServiceKind", text, service_kind},
    {"ServiceID", text, service_id},
    {"ServiceName", text, service_name},
    {"ServiceTags", texts, service_tags},
    {"ServiceAddress", text, service_address},
    {"ServiceTaggedAddresses", map, service_addresses},
    {"ServiceMeta", map, service_meta},
    {"ServicePort", number, service_port},
    {"ServiceWeights.Passing", number, weight_passing},
    {"ServiceWeights.Warning", number, weight_warning},
    {"ServiceEnableTagOverride", truth, tag_override},
};
constexpr FilterField k_service[] = {
    {"ID", text, service_id},
    {"Service", text, service_name},
    {"Tags", texts, service_tags},
    {"Address", text, service_address},
    {"TaggedAddresses", map, service_addresses},
    {"Meta", map, service_meta},
    {"Port", number, service_port},
    {"Weights.Passing", number, weight_passing},
    {"Weights.Warning", number, weight_warning},
    {"EnableTagOverride", truth, tag_override},
    {"Kind", text, service_kind},
    {"Datacenter", text, datacenter},
};
constexpr FilterField k_check[] = {
    {"Node", text, check_node},
    {"CheckID", text, check_id},
    {"Name", text, check_name},
    {"Status", text, check_status},
    {"Notes", text, check_notes},
    {"Output", text, check_output},
    {"ServiceID", text, check_service_id},
    {"ServiceName", text, check_service_name},
    {"ServiceTags", texts, check_tags},
    {"Type", text, check_type},
};
constexpr FilterField k_node[] = {
    {"ID", text, node_id},
    {"Node", text, node_name},
    {"Address", text, node_address},
    {"Datacenter", text, datacenter},
    {"TaggedAddresses", map, node_addresses},
    {"Meta", map, node_meta},
};

std::string truth_of(bool is_so) { return is_so ? "true" : "false"; }

// The value at a key, or all keys. `text_of` makes a text of a value.
template <class Map, class TextOf>
void read_map(const Map& of, std::string_view key, FieldValues& into, TextOf text_of) {
  for (const auto& [name, value] : of) {
    if (key.empty()) {
      into.add(name);
    } else if (name == key) {
      into.add(text_of(value));
    }
  }
}

bool read_node(const NodeView& node, unsigned field, std::string_view key, FieldValues& into) {
  const auto as_it_is = [](const std::string& text) -> std::string_view { return text; };
  switch (field) {
    case node_id: into.add_owned(node.id); return true;
    case node_name: into.add(node.name); return true;
    case node_address: into.add(node.address); return true;
    case datacenter: into.add(node.datacenter); return true;
    case node_addresses:
      if (node.tagged_addresses != nullptr) read_map(*node.tagged_addresses, key, into, as_it_is);
      return true;
    case node_meta:
      if (node.meta != nullptr) read_map(*node.meta, key, into, as_it_is);
      return true;
    default: return false;
  }
}

class NodeSource final : public FilterSource {
 public:
  explicit NodeSource(const NodeView& node) : node_(node) {}
  void read(unsigned field, std::string_view key, FieldValues& into) const override {
    static_cast<void>(read_node(node_, field, key, into));
  }

 private:
  const NodeView& node_;
};

class RowSource final : public FilterSource {
 public:
  RowSource(const Row& row, const SeenCheck* check) : row_(row), check_(check) {}

  void read(unsigned field, std::string_view key, FieldValues& into) const override {
    if (field <= node_meta) {
      // What is read of the node lies in the row, but for its id.
      static_cast<void>(read_node(row_.node(), field, key, into));
    } else if (field < check_node) {
      read_service(field, key, into);
    } else if (check_ != nullptr) {
      read_check(*check_, field, into);
    } else {
      for (const SeenCheck& check : row_.seen.checks) read_check(check, field, into);
    }
  }

 private:
  void read_service(unsigned field, std::string_view key, FieldValues& into) const {
    const auto& attributes = row_.seen.attributes;
    switch (field) {
      case service_id: return into.add(row_.seen.id);
      case service_name: return into.add(row_.seen.name);
      case service_tags:
        for (const std::string& tag : row_.seen.tags) into.add(tag);
        return;
      case service_address: return into.add(row_.seen.address);
      case service_addresses:
        return read_map(attributes.tagged_addresses, key, into,
                        [](const auto& address) -> std::string_view { return address.address; });
      case service_meta: return read_map(row_.instance.meta(), key, into, [](std::string_view text) { return text; });
      case service_port: return into.add_owned(std::to_string(row_.instance.port()));
      case weight_passing: return into.add_owned(std::to_string(attributes.weights.passing));
      case weight_warning: return into.add_owned(std::to_string(attributes.weights.warning));
      case tag_override: return into.add_owned(truth_of(attributes.enable_tag_override));
      case service_kind: return into.add(attributes.kind);
      default: return;
    }
  }
  void read_check(const SeenCheck& check, unsigned field, FieldValues& into) const {
    const bool is_of_service = !check.is_of_node;
    switch (field) {
      case check_node: return into.add(row_.node_name());
      case check_id: return into.add(check.id);
      case check_name: return into.add(check.name);
      case check_status: return into.add(health::to_text(check.status));
      case check_notes: return into.add(check.notes);
      case check_output: return into.add(check.output);
      case check_service_id: return into.add(is_of_service ? std::string_view(row_.seen.id) : std::string_view());
      case check_service_name: return into.add(is_of_service ? std::string_view(row_.seen.name) : std::string_view());
      case check_tags:
        if (!is_of_service) return;
        for (const std::string& tag : row_.seen.tags) into.add(tag);
        return;
      case check_type: return into.add(check.type);
      default: return;
    }
  }

  const Row& row_;
  const SeenCheck* check_;
};

std::expected<bool, Response> read_passing(const Call& call) {
  const std::string* passing = call.query.find("passing");
  if (passing == nullptr) return false;
  for (const char* yes : {"", "1", "t", "T", "true", "TRUE", "True"}) {
    if (*passing == yes) return true;
  }
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (*passing == no) return false;
  }
  return std::unexpected(consul::text(400, "Invalid value for ?passing"));
}

}  // namespace

std::span<const FilterField> fields_of(Listed listed) {
  switch (listed) {
    case Listed::health: return k_health;
    case Listed::catalog: return k_catalog;
    case Listed::service: return k_service;
    case Listed::check: return k_check;
    case Listed::node: return k_node;
  }
  return {};
}

bool fits(const Filter& filter, const Row& row, const SeenCheck* check) {
  return filter.matches(RowSource(row, check));
}

bool fits(const Filter& filter, const NodeView& node) { return filter.matches(NodeSource(node)); }

bool Selection::takes_node(const std::map<std::string, std::string>* meta) const {
  return std::ranges::all_of(node_meta, [&](const auto& asked) {
    if (meta == nullptr) return false;
    const auto found = meta->find(asked.first);
    return found != meta->end() && found->second == asked.second;
  });
}

bool Selection::takes(const registry::Instance& instance) const {
  return std::ranges::all_of(tags, [&](const std::string& tag) {
    return std::ranges::any_of(instance.tags(), [&](std::string_view each) { return each == tag; });
  });
}

bool Selection::takes(const Row& row) const {
  const auto& node = row.seen.attributes.node;
  if (!takes_node(node ? &node->meta : nullptr)) return false;
  return !is_passing || worst_of(row.seen.checks) == health::CheckStatus::passing;
}

std::expected<std::optional<Filter>, Response> read_filter(const Call& call, Listed listed) {
  const std::string* text = call.query.find("filter");
  if (text == nullptr || text->empty()) return std::nullopt;
  Result<Filter> filter = Filter::compile(*text, fields_of(listed));
  if (!filter) return std::unexpected(consul::text(400, filter.error().message));
  return std::optional(std::move(*filter));
}

std::expected<Selection, Response> read_selection(const Call& call, Listed listed) {
  Selection selection;
  for (const std::string_view tag : call.query.all("tag")) {
    if (!tag.empty()) selection.tags.emplace_back(tag);
  }
  for (const std::string_view pair : call.query.all("node-meta")) {
    const std::size_t colon = pair.find(':');
    if (pair.empty()) continue;
    selection.node_meta.emplace_back(pair.substr(0, colon),
                                     colon == std::string_view::npos ? std::string_view() : pair.substr(colon + 1));
  }
  auto filter = read_filter(call, listed);
  if (!filter) return std::unexpected(std::move(filter.error()));
  selection.filter = std::move(*filter);
  const auto passing = read_passing(call);
  if (!passing) return std::unexpected(passing.error());
  selection.is_passing = *passing;
  return selection;
}

}  // namespace rollcall::api::consul
