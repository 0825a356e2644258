// The lease of the engine's session, kept alive while the session is open.
//
// Owner    the engine.
// Threads  the engine's thread alone; `lease` any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "cluster/engine.h"
#include "cluster/etcd/event_thread.h"
#include "cluster/etcd/members.h"

namespace rollcall::cluster::etcd {

class SessionLease {
 public:
  SessionLease(Members& members, EventThread& thread) : members_(members), thread_(thread) {}

  // 0: none, nothing is attached.
  [[nodiscard]] LeaseNumber lease() const { return lease_; }

  // The number of the session that begins now; what belongs to another is over.
  [[nodiscard]] std::uint64_t begin(std::function<void()> renewed);
  [[nodiscard]] bool is_open(std::uint64_t session) const { return session == session_; }
  void granted(LeaseNumber lease);
  LeaseNumber end();  // what the lease was

 private:
  void renew(std::uint64_t session);
  void renewed(std::uint64_t session, bool answered, std::int64_t seconds_left);

  Members& members_;
  EventThread& thread_;
  std::atomic<LeaseNumber> lease_{0};
  std::uint64_t session_ = 0;
  std::function<void()> renewed_;
};

}  // namespace rollcall::cluster::etcd
