// Port to what the shared store and the other nodes of a cluster know of the roll, for clients that ask for more than this
// node shows. A single node has none: it shows everything there is.
//
// Owner    rollcalld.cc; it outlives the threads that ask.
// Threads  any may ask. A reply comes once, on any thread, also inside the call, and only hands over.
// Failure  in the reply.
// Source   docs/cluster.md.
#pragma once

#include <functional>
#include <optional>

#include "registry/instance/instance.h"

namespace rollcall::registry {

class Everywhere {
 public:
  virtual ~Everywhere() = default;

  // How new the store is: who shows this index shows all that was acknowledged anywhere before the call. Empty: the store does
  // not answer.
  virtual void read_latest(std::move_only_function<void(std::optional<ChangeIndex>)> reply) = 0;

  // Until every member of the cluster shows this index. False: some member has not said so in time.
  virtual void wait_for(ChangeIndex index, std::move_only_function<void(bool)> reply) = 0;
};

}  // namespace rollcall::registry
