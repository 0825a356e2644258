// What only clients of Consul's API know of an instance: the JSON in Registration::attributes.
//
// Shape    values. All that has its default is left out of the text, and an empty text is all defaults.
// Threads  values.
// Failure  reading never fails: what cannot be read has its default, as rows may be edited by hand.
// Limits   the text is at most k_door_texts_bytes_max octets: the registration is refused otherwise.
// Source   docs/consul.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall::consul {

struct TaggedAddress {
  std::string address;
  std::uint16_t port = 0;
  friend bool operator==(const TaggedAddress&, const TaggedAddress&) = default;
};

struct Weights {
  std::uint16_t passing = 1;
  std::uint16_t warning = 1;
  friend bool operator==(const Weights&, const Weights&) = default;
};

// A node that is not ours, of catalog/register.
struct ExternalNode {
  std::string name;  // in its own case
  std::string address;
  std::string id;  // a UUID, or empty
  std::map<std::string, std::string> meta;
  std::map<std::string, std::string> tagged_addresses;
  friend bool operator==(const ExternalNode&, const ExternalNode&) = default;
};

// A check as it was registered. What it has come to is on the roll (health::CheckResult, by the same id).
struct CheckDefinition {
  std::string id;
  std::string notes;
  std::string type;  // "ttl", "http", "tcp", "udp", "grpc", "h2ping", "alias"; empty: set from outside
  std::chrono::milliseconds ttl{};
  std::chrono::milliseconds interval{};
  std::chrono::milliseconds timeout{};
  // http: the URL; tcp, udp, h2ping: host and port; grpc: the same, with "/service"; alias: the service's id, empty: a node
  std::string target;
  std::string alias_node;  // alias: where the service is, or the node itself; empty: the agent that holds the check
  std::string method;      // http; empty: GET
  std::string body;
  std::vector<std::pair<std::string, std::string>> header;
  bool skips_tls_verify = false;
  bool uses_tls = false;  // tcp, grpc, h2ping
  std::string tls_server_name;
  std::uint16_t success_before_passing = 0;
  std::uint16_t failures_before_warning = 0;
  std::uint16_t failures_before_critical = 0;
  friend bool operator==(const CheckDefinition&, const CheckDefinition&) = default;
};

struct Attributes {
  std::string name;  // of the service as registered; empty: as the key has it
  std::string id;    // as registered; empty: the instance's own
  std::string host;  // the agent that holds it (names.h, roll_id); empty: our own node
  // No address was given, and the instance has that of the node: it is shown as "".
  bool has_node_address = false;
  std::optional<ExternalNode> node;  // empty: our own
  std::vector<std::string>
      tags;  // in the order registered, which is no part of what they mean; empty: sorted, as on the roll
  std::map<std::string, TaggedAddress> tagged_addresses;
  Weights weights;
  bool enable_tag_override = false;
  std::string kind;
  std::vector<CheckDefinition> checks;
  // The index of the roll when it was registered first, which is no higher than its own then: CreateIndex. 0: not known.
  std::uint64_t created = 0;
  friend bool operator==(const Attributes&, const Attributes&) = default;

  [[nodiscard]] const CheckDefinition* find_check(std::string_view check) const;
};

[[nodiscard]] Attributes parse_attributes(std::string_view json);
[[nodiscard]] std::string write_attributes(const Attributes& attributes);

}  // namespace rollcall::consul
