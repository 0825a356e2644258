// What the key-value store holds: keys with their values, sessions, and prepared queries.
//
// Shape    values, shared and never changed once they are stored: a change stores another one under the same key or id.
// Threads  immutable.
// Source   Consul's documentation of /v1/kv, /v1/session and /v1/query; docs/consul-kv.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "consul/prepared_query.h"

namespace rollcall::kv {

// Counts the changes of this store, apart from those of the roll. It never repeats with other content.
using Index = std::uint64_t;

struct Entry {
  std::string key = {};    // 1..k_key_bytes_max octets
  std::string value = {};  // at most k_value_bytes_max octets, of any kind
  std::uint64_t flags = 0;
  Index create_index = 0;
  Index modify_index = 0;
  std::uint64_t lock_index = 0;  // how often it has been acquired
  std::string session = {};      // that holds it; empty: none
};

// What becomes of the keys that a session holds when it ends.
enum class AtEnd : std::uint8_t { release, remove };

struct Session {
  std::string id = {};    // UUID, lower case
  std::string name = {};  // may be empty
  std::string node = {};
  std::string host = {};                         // that has made it, as in consul/names.h; empty: our own node
  std::vector<std::string> node_checks = {};     // it ends with them (session_checks.h)
  std::vector<std::string> service_checks = {};  // likewise, their ids
  std::chrono::milliseconds ttl = {};            // zero: it ends only when it is destroyed
  std::chrono::milliseconds lock_delay = {};     // zero: none
  AtEnd at_end = AtEnd::release;
  Index create_index = 0;
  Index modify_index = 0;
};

struct Query {
  std::string id = {};          // UUID, lower case
  std::string name = {};        // as written; may be empty
  std::string session = {};     // it is deleted with this session; empty: none
  std::string definition = {};  // JSON: the members of Consul's answer that are kept, without id and indexes
  consul::PreparedQuery asked = {};
  Index create_index = 0;
  Index modify_index = 0;
};

using EntryPtr = std::shared_ptr<const Entry>;
using SessionPtr = std::shared_ptr<const Session>;
using QueryPtr = std::shared_ptr<const Query>;

// What each of them counts against the bound of the store, with a share of what keeps it.
[[nodiscard]] inline std::size_t bytes_of(const Entry& entry) {
  return 256 + 2 * entry.key.size() + entry.value.size();
}
[[nodiscard]] inline std::size_t bytes_of(const Session& session) {
  std::size_t bytes = 512 + session.name.size() + session.node.size() + session.host.size();
  for (const auto* checks : {&session.node_checks, &session.service_checks}) {
    for (const std::string& check : *checks) bytes += 64 + check.size();
  }
  return bytes;
}
[[nodiscard]] inline std::size_t bytes_of(const Query& query) {
  return 1024 + query.name.size() + 4 * query.definition.size();
}

}  // namespace rollcall::kv
