// Whether this node has come up to etcd since it came to it, or back to it: until then it answers with what it knew before.
//
//   out of touch ─► in touch: etcd is asked how new it is ─► the roll here shows that: caught up, until out of touch again
//
// A watch alone does not say so: it is there before its first event is, and what has happened meanwhile comes with those.
//
// Shape    revisions. A question has a number, and counts only for the contact in which it was asked.
// Threads  any.
// Failure  a question that is not answered is asked again.
// Source   docs/cluster.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "cluster/engine.h"

namespace rollcall::cluster {

class CatchUp {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // What the node's driver sees in a pass. `contact`: another number is another contact, which began unseen.
  struct Seen {
    bool in_touch = false;  // follows etcd, which has answered lately
    std::uint64_t contact = 0;
    Revision applied = 0;
    Time now{};
  };
  // Whether the node has caught up.
  [[nodiscard]] bool look(const Seen& seen);
  // The number of a question to ask etcd now: which revision has changed the roll last? Empty: nothing is to be asked.
  [[nodiscard]] std::optional<std::uint64_t> question(Time now);
  // Empty: etcd did not say.
  void answered(std::uint64_t number, std::optional<Revision> newest);

 private:
  void begin();

  std::mutex mutex_;  // of what follows
  bool is_in_touch_ = false;
  bool is_caught_up_ = false;
  std::uint64_t contact_ = 0;
  std::uint64_t number_ = 0;  // of the question that counts
  std::optional<Time> asked_;
  std::optional<Revision> target_;
  std::optional<Time> looked_;
};

}  // namespace rollcall::cluster
