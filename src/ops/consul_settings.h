// Settings of the door for Consul's clients, `[consul]`.
//
// Shape    values.
// Threads  read at start and at a reload; all of them take effect only after a restart.
// Failure  as in settings.h.
// Source   interface.md §5; docs/settings.md.
#pragma once

#include <cstdint>
#include <string>

namespace rollcall::ops {

class Section;
struct Settings;

struct ConsulSettings {
  bool enabled = true;
  std::string domain = "consul";   // of the names in the DNS; folded, without dots around it
  std::string datacenter = "dc1";  // the name of the first zone there
  std::string node;                // default: the host's name
  std::string address;             // of the node; empty: found at start
  bool only_passing = false;       // leaves warnings out of the DNS too
  bool kv = true;
  std::uint64_t kv_bytes = std::uint64_t{64} << 20;  // of all keys and values
  std::string follow;                                // the URL of a Consul to keep in step with; empty: none
  std::string follow_token_file;                     // its token is the content; empty: none
  friend bool operator==(const ConsulSettings&, const ConsulSettings&) = default;
};

// The defaults, with the name of this host.
[[nodiscard]] ConsulSettings default_consul();

void read_consul(Section table, Settings& settings);

}  // namespace rollcall::ops
