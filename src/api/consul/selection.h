// Which rows a read shows: ?filter=, ?node-meta=, ?tag=, ?passing.
//
// Owner    a Selection owns what it was asked, and outlives the call.
// Failure  400 with a sentence.
// Threads  immutable.
// Source   docs/consul-catalog.md.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/consul/describe.h"
#include "api/consul/filter/expression.h"
#include "api/door.h"

namespace rollcall::api::consul {

// What a filter of each kind of list may name.
enum class Listed : std::uint8_t { health, catalog, service, check, node };
[[nodiscard]] std::span<const FilterField> fields_of(Listed listed);

// Agent/services have the fields of Listed::service.
[[nodiscard]] bool fits(const Filter& filter, const Row& row, const rollcall::consul::SeenCheck* check = nullptr);
[[nodiscard]] bool fits(const Filter& filter, const NodeView& node);

struct Selection {
  std::vector<std::string> tags;  // all of them
  std::vector<std::pair<std::string, std::string>> node_meta;
  std::optional<Filter> filter;
  bool is_passing = false;

  // Of a service all instances, or all that pass.
  [[nodiscard]] bool is_whole() const { return tags.empty() && node_meta.empty() && !filter; }
  // Of what a node has: ?node-meta= alone.
  [[nodiscard]] bool takes_node(const std::map<std::string, std::string>* meta) const;
  // All but the filter.
  [[nodiscard]] bool takes(const registry::Instance& instance) const;
  [[nodiscard]] bool takes(const Row& row) const;
};

// ?filter= of a call that takes it. Empty: there is none.
[[nodiscard]] std::expected<std::optional<Filter>, Response> read_filter(const Call& call, Listed listed);
[[nodiscard]] std::expected<Selection, Response> read_selection(const Call& call, Listed listed);

}  // namespace rollcall::api::consul
