// What this roll takes over from a Consul that it follows: from its answers to changes, made by the handlers of catalog/register
// and catalog/deregister.
//
// Shape    `take` compares what the source has of a service with what is here, and returns steps; `finished` is told what came
//          of each. An instance that was taken over is marked (k_taken_over_mark) and ends when the source has it no more.
//          One that has registered here by itself wins: its twin goes, and the source's is not taken again until the source has
//          removed it. Which instance is the same: its id, and where the source has several of that id, address and port too.
// Owner    the follower (net/follow). Door, registry, zones and waiters outlive it.
// Threads  the follower's own, which holds an rcu::Thread; it takes the ReadLock itself.
// Failure  an answer that cannot be read is an Error, and nothing changes: what was taken over stays.
// Source   docs/from-consul.md.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/consul/door.h"
#include "api/consul/follow/source.h"
#include "registry/instance/change.h"

namespace rollcall::api::consul {

// One instance: the changes are submitted together.
struct FollowStep {
  enum class Kind : std::uint8_t { put, remove };
  Kind kind = Kind::put;
  std::string node;
  std::string id;
  std::string body;                       // of `put`
  std::vector<registry::Change> changes;  // none where `refused` says why
  std::string refused = {};
};

class Following {
 public:
  Following(const ConsulDoor& door, const registry::Registry& registry, const registry::ZoneDirectory& zones,
            registry::Waiters& waiters, std::string authority);

  // The names of services that the source has, and those that are here because it once had them.
  [[nodiscard]] Result<std::vector<std::string>> take_names(std::string_view body) const;
  // An answer of the source about a service.
  [[nodiscard]] Result<std::vector<FollowStep>> take(const std::string& service, std::string_view body,
                                                     registry::LeaseTime now);
  // The same with its last answer, where the service has changed here since; none where it has not.
  [[nodiscard]] std::vector<FollowStep> look_again(const std::string& service, registry::LeaseTime now);
  void finished(const std::string& service, const FollowStep& step, bool is_done);
  // The source has it no more, and nothing of it is here: nothing is kept of it.
  void forget(const std::string& service);

  [[nodiscard]] std::size_t instances() const;  // that the source has and are followed
  // Why something is not taken over, for operators; at most k_ignored_rows_shown_max.
  [[nodiscard]] std::vector<std::string> left_out() const;

 private:
  using Place = std::pair<std::string, std::string>;  // node and id
  struct Followed {
    SourceService source;
    std::map<Place, std::string> put;      // bodies as they were taken
    std::map<Place, std::string> refused;  // bodies that were not
    std::set<Place> moved;                 // to this registry
    registry::ChangeIndex looked_at = 0;   // the index of the service here
  };
  struct Here;

  [[nodiscard]] Here here(const std::string& service) const;
  [[nodiscard]] std::vector<FollowStep> compare(Followed& followed, const Here& here, registry::LeaseTime now);
  void put(Followed& followed, const Here& here, const SourceInstance& wanted, registry::LeaseTime now,
           std::vector<FollowStep>& steps);
  // Hands a body to a handler; appends its changes, or says why not.
  void ask(const Route& route, const std::string& body, registry::LeaseTime now, FollowStep& step);
  [[nodiscard]] FollowStep removal(const Place& place, registry::LeaseTime now);

  const ConsulDoor& door_;
  const registry::Registry& registry_;
  const registry::ZoneDirectory& zones_;
  registry::Waiters& waiters_;
  const std::string authority_;
  Counters counters_;  // of calls that are nobody's
  Grant grant_{.right = Right::admin, .zones = std::nullopt, .services = {"*"}, .no_lease = true};
  std::map<std::string, Followed> services_;
};

}  // namespace rollcall::api::consul
