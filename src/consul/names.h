// Names of Consul's clients: how the roll keys them, and what they are in the DNS.
//
//   service   "Web_API"  keyed "web_api", one label of the DNS; "a.b" has the label "a-b--1f2e3d4c"
//   id        "web-1" of a local registration is the instance's id; of another host or node it is "web-1@192.0.2.7"
//
// Shape    pure functions.
// Failure  Errc::invalid with a sentence for what no name can be.
// Source   docs/consul.md.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::consul {

// The key of a service: its name folded (ASCII). Errc::invalid: not 1 to 255 octets of UTF-8, or with control characters.
[[nodiscard]] Result<std::string> parse_service_name(std::string_view name);

// The label of a service in the DNS: the name itself, folded, where it is one label (1 to 63 octets, no dot), else a slug
// and a hash. Two names never share a label.
[[nodiscard]] std::string service_label(std::string_view name);

// The id under which the roll has what a client calls `id`. `host` is the agent that holds it: empty for our own node, the
// caller's address for registrations from other hosts, a node's name for those of catalog/register.
[[nodiscard]] std::string roll_id(std::string_view id, std::string_view host);

// The check of a node that is in maintenance; each instance on it has it.
inline constexpr std::string_view k_node_maintenance = "_node_maintenance";

}  // namespace rollcall::consul
