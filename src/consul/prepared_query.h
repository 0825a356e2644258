// Prepared queries as the DNS asks for them: `q.query.consul` is a service by another name, with more conditions.
//
// Shape    a port: src/kv has the queries and implements it, src/answer/consul asks. A PreparedQuery is immutable.
// Threads  `find_query` any, under rcu::ReadLock, on the way of a query: no lock, no disk. What it returns is valid until that
//          ReadLock ends.
// Source   docs/consul-dns.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall::consul {

struct PreparedQuery {
  std::string service;            // as it was written; names of services compare without regard to case
  std::vector<std::string> tags;  // an instance needs all of them, without regard to case; "!x": it must not have x
  std::vector<std::pair<std::string, std::string>> service_meta;  // an instance needs all of them
  std::vector<std::pair<std::string, std::string>> node_meta;     // its node does
  bool only_passing = false;
  // Names of datacenters that are asked in this order when our own, or the one of the question, has nobody to answer with.
  std::vector<std::string> failover;
  std::optional<std::uint32_t> ttl_seconds;  // DNS.TTL; empty: as all names. A lease may make it less
};

class PreparedQueries {
 public:
  virtual ~PreparedQueries() = default;
  // By its name or its id, folded (ASCII lower case); labels of a question are joined by dots. Null: there is none.
  [[nodiscard]] virtual const PreparedQuery* find_query(std::string_view folded) const noexcept = 0;
};

}  // namespace rollcall::consul
