// The indexes of lists, for calls that wait for one: of the names of a zone, of everything in it, of a host. A service has
// its own index on the roll.
//
// Shape    an Audience that compares each service with a sum of what it was. `names` moves with services, tags and
//          instances, never with checks or addresses; `everything` with each change; a node's with the instances on it. An
//          index never falls, and never repeats with other content: a start begins where the roll is (`begin`).
// Cost     a publish looks at each instance of the service once. A hundred octets a service.
// Order    the roll shows a change before the Audience hears of it, so whoever reads the index first, and then the roll, may
//          find newer content than the index says, never older.
// Threads  the indexes any; `publish`, `withdraw` and `begin` the writer's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "registry/ports/ports.h"
#include "registry/stage.h"
#include "registry/work/waiters.h"

namespace rollcall::registry {

// What a list shows of an instance, beside its tags.
struct CatalogFace {
  std::string node;  // the host's name; empty: the server's own host
  std::string name;  // the service's, where the list spells it in another way than the roll
};

class CatalogIndex final : public Audience {
 public:
  using FaceOf = std::function<CatalogFace(const Instance&)>;

  // `face_of`: called by the writer for each instance of a service that is published.
  CatalogIndex(Waiters& waiters, std::size_t zones, FaceOf face_of);
  ~CatalogIndex() override;

  [[nodiscard]] ChangeIndex names(ZoneId zone) const { return zone_of(zone).names.load(std::memory_order_acquire); }
  [[nodiscard]] ChangeIndex everything(ZoneId zone) const {
    return zone_of(zone).everything.load(std::memory_order_acquire);
  }
  // Empty: the server's own host. A host that has no instances: since when none has gone.
  [[nodiscard]] ChangeIndex node(ZoneId zone, std::string_view name) const;
  // No service of the zone that is not there has been there at this index or later.
  [[nodiscard]] ChangeIndex missing_since(ZoneId zone) const {
    return zone_of(zone).missing_since.load(std::memory_order_acquire);
  }

  // Calls wait for one of them to be at another index than `known`.
  [[nodiscard]] std::unique_ptr<Awaited> await_names(ZoneId zone, ChangeIndex known) const;
  [[nodiscard]] std::unique_ptr<Awaited> await_everything(ZoneId zone, ChangeIndex known) const;
  [[nodiscard]] std::unique_ptr<Awaited> await_node(ZoneId zone, std::string node, ChangeIndex known) const;

  // The roll is restored, and at this index: what was at a lower one before the start may have changed since.
  void begin(ChangeIndex index);

  void publish(const Service& service) override;
  void withdraw(const ServiceRef& service) override;

 private:
  using Sums = std::map<std::string, std::uint64_t, std::less<>>;  // by the node
  struct Seen {                                                    // of a service
    std::uint64_t names = 0;                                       // a sum; 0: it has no instances
    Sums nodes;
  };
  struct Node {
    ChangeIndex index = 0;
    std::size_t services = 0;  // with instances on it
  };
  struct Zone {
    std::atomic<ChangeIndex> names{0};
    std::atomic<ChangeIndex> everything{0};
    std::atomic<ChangeIndex> missing_since{0};
    Guarded<std::map<std::string, Node, std::less<>>> nodes;
    std::atomic<ChangeIndex> nodes_gone{0};  // the index at which a host was last left without instances
  };
  class Awaits;

  [[nodiscard]] Zone& zone_of(ZoneId zone) const { return *zones_.at(static_cast<std::size_t>(zone)); }
  [[nodiscard]] ChangeIndex index_of(const TopicRef& topic) const;
  void move(TopicRef::Kind kind, ZoneId zone, std::atomic<ChangeIndex>& index, ChangeIndex to);
  void change(const ServiceRef& service, Seen before, const Seen& now, ChangeIndex index);
  void change_nodes(ZoneId zone, const Sums& before, const Sums& now, ChangeIndex index);

  Waiters& waiters_;
  const FaceOf face_of_;
  std::vector<std::unique_ptr<Zone>> zones_;                                  // by ZoneId
  std::unordered_map<ServiceKey, Seen, ServiceHash, ServiceEqual> services_;  // the writer's
  ChangeIndex last_ = 0;                                                      // the highest index seen; the writer's
};

}  // namespace rollcall::registry
