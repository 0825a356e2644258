// Who this server is to clients of Consul's API: one agent on one node, in the datacenters that its zones are.
//
// Shape    values, made at start from the settings (docs/settings.md, [consul]).
// Threads  immutable.
// Source   docs/consul.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/instance/instance.h"

namespace rollcall::consul {

struct Identity {
  std::string node = {};          // the name of our node, in its own case
  std::string node_id = {};       // a UUID, the same as long as the name is
  std::string address = {};       // of our node: what an absent address of a local registration means
  std::string domain = "consul";  // of the names in the DNS, without dots around it, folded
  std::vector<std::string> datacenters =
      {};                    // by ZoneId: the first from the settings, the others by their zones' names
  std::string version = {};  // of this program

  [[nodiscard]] const std::string& datacenter(registry::ZoneId zone) const {
    return datacenters.at(static_cast<std::size_t>(zone));
  }
  // The zone of a datacenter, in any case. An empty name is our own datacenter.
  [[nodiscard]] std::optional<registry::ZoneId> find_datacenter(std::string_view name) const;
};

// The UUID of a node that is known by its name alone: the same in every run and on every machine (RFC 9562 §5.8).
[[nodiscard]] std::string node_id_of(std::string_view node);

}  // namespace rollcall::consul
