// Copies what a Consul holds to a registry: services with their instances, keys, prepared queries. `rollcall import
// --from-consul`.
//
// Shape    `copy` reads both, compares, and changes the registry; done again it changes what differs only. An instance is
//          registered as one of its node of there, with the status that its checks have there and without a lease; what an
//          earlier copy has brought and is not there any more is deregistered. What has registered here by itself is left
//          alone, and so is a key that has another value here.
// Owner    the caller; both clients outlive it.
// Threads  one.
// Failure  Errc::unreachable: one of the two does not answer, or the source is no Consul. What is refused is reported.
// Source   docs/from-consul.md.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "client/http_client.h"

namespace rollcall::cli {

struct CopyRules {
  std::string source;            // the URL, by which later copies know their instances again
  bool is_trial = false;         // nothing is changed, and everything is counted
  bool replaces_values = false;  // also of keys that have another value here
};

struct Copied {
  std::size_t services = 0;  // seen there
  std::size_t registered = 0, deregistered = 0, unchanged = 0;
  std::size_t keys_set = 0, keys_deleted = 0, keys_unchanged = 0;
  std::size_t queries_made = 0, queries_unchanged = 0;
  std::vector<std::string> skipped;   // what, and why
  std::vector<std::string> failures;  // what was refused, and why
  [[nodiscard]] bool has_changed() const {
    return registered + deregistered + keys_set + keys_deleted + queries_made > 0;
  }
};

class ConsulCopy {
 public:
  ConsulCopy(client::HttpClient& source, client::HttpClient& registry, CopyRules rules)
      : source_(source), registry_(registry), rules_(std::move(rules)) {}

  [[nodiscard]] Result<Copied> copy();

 private:
  using Value = std::pair<std::string, std::uint64_t>;  // Base64, and the flags

  [[nodiscard]] Result<void> copy_services(Copied& copied);
  [[nodiscard]] Result<void> copy_service(const std::string& name, Copied& copied);
  [[nodiscard]] Result<void> drop_vanished(const std::string& name, Copied& copied);
  [[nodiscard]] Result<void> copy_keys(Copied& copied);
  [[nodiscard]] Result<void> copy_queries(Copied& copied);
  [[nodiscard]] Result<void> deregister(const std::string& node, const std::string& id, Copied& copied);
  // A change of the registry; false: refused, and reported.
  [[nodiscard]] Result<bool> change(client::HttpRequest request, const std::string& what, Copied& copied);

  client::HttpClient& source_;
  client::HttpClient& registry_;
  const CopyRules rules_;
  std::map<std::string, Value> set_;                                            // keys as this copy has set them
  std::map<std::string, std::set<std::pair<std::string, std::string>>> there_;  // by service: node and id
};

}  // namespace rollcall::cli
