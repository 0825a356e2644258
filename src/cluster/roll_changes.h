// What the watch brings, as liveness needs it: whole revisions, and full reads.
#pragma once

#include <string>
#include <vector>

#include "cluster/exchange.h"

namespace rollcall::cluster {

struct InstanceSeen {
  InstanceId id;
  Duration ttl{};
  Revision changed = 0;  // of a full read
};

// The key of a node's session, as it is now.
struct NodeSeen {
  std::string name;
  Incarnation incarnation = 0;
  Revision created = 0;
  Revision changed = 0;
  bool is_member = false;
  std::vector<std::string> hears;  // names, sorted
};

struct RollRevision {
  Revision revision = 0;
  std::vector<InstanceSeen> put;
  std::vector<InstanceId> ended;
  std::vector<NodeSeen> nodes;
  std::vector<std::string> nodes_gone;
  bool members_put = false;  // a joining; with a node that is gone: a clean leave
};

struct RollSnapshot {
  Revision revision = 0;
  Revision members = 0;  // mod_revision of the fence
  std::vector<InstanceSeen> instances;
  std::vector<NodeSeen> nodes;
};

}  // namespace rollcall::cluster
