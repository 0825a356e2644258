// Where the instances are that clients of Consul's API know by an id alone: service ids and check ids of one agent.
//
// Shape    an index of the instances on the roll that this API registered, by zone, holder and id. Those of the native API
//          are not in it: their ids are looked up in the registry (find_native).
// Owner    the server; beside the roster in the list of audiences.
// Threads  `publish` and `withdraw`: the writer. `find…`: any.
// Cost     a look-up takes one lock for a moment. A publish looks at each instance of the service once, and reads the
//          attributes of those that have changed.
// Source   docs/consul.md.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "registry/ports/ports.h"
#include "registry/registry.h"

namespace rollcall::consul {

class AgentIds final : public registry::Audience {
 public:
  void publish(const registry::Service& service) override;
  void withdraw(const registry::ServiceRef& service) override;

  // The instance that an agent knows by this id; `host` as in roll_id (names.h). With several, which a row edited by hand
  // may be, any of them.
  [[nodiscard]] std::optional<registry::InstanceKey> find_service(registry::ZoneId zone, std::string_view host,
                                                                  std::string_view id) const;
  // The instance that has this check.
  [[nodiscard]] std::optional<registry::InstanceKey> find_check(registry::ZoneId zone, std::string_view host,
                                                                std::string_view check) const;
  // All instances that an agent holds.
  [[nodiscard]] std::vector<registry::InstanceKey> all_of(registry::ZoneId zone, std::string_view host) const;

 private:
  struct Entry {  // of an instance
    std::string instance;
    registry::ChangeIndex index = 0;
    std::string id;  // as its client knows it
    std::string host;
    std::vector<std::string> checks;
  };
  // Nothing keeps thousands of instances from one id: each is found in O(log n).
  using Places = std::unordered_map<std::string, std::set<registry::InstanceKey>>;
  struct Index {
    std::map<registry::ServiceKey, std::vector<Entry>> services;
    Places ids;     // by zone, holder and id
    Places checks;  // by zone, holder and check
  };

  static Entry entry_of(const registry::Instance& instance);
  static void add(Index& index, const registry::ServiceKey& service, const Entry& entry);
  static void remove(Index& index, const registry::ServiceKey& service, const Entry& entry);

  Guarded<Index> index_;
};

}  // namespace rollcall::consul
