// The engine over etcd's gRPC API.
//
// Owner    owns its channels, its calls and one thread, which calls back. Destroyed: every call is cancelled, and nothing is
//          called back any more; not from inside a callback.
// Threads  any may call.
// Failure  `make`: Errc::start_up for settings that cannot work; an etcd that is away is no failure of it.
// Source   engine.h; etcd API v3.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "cluster/engine.h"
#include "cluster/engine_settings.h"
#include "cluster/etcd/event_thread.h"
#include "cluster/etcd/members.h"
#include "cluster/etcd/session_lease.h"
#include "cluster/etcd/watch_stream.h"

namespace rollcall::cluster::etcd {

class EtcdEngine final : public Engine {
 public:
  [[nodiscard]] static Result<std::unique_ptr<EtcdEngine>> make(const EngineSettings& settings);
  ~EtcdEngine() override;

  void read(Reading reading, std::function<void(Snapshot)> done) override;
  void commit(Transaction transaction, std::function<void(Committed)> done) override;
  void watch(std::string prefix, Revision from, std::weak_ptr<Watcher> watcher) override;
  void open_session(std::function<void(bool granted)> done, std::function<void()> renewed) override;
  void close_session(bool revoke) override;
  void look(std::function<void(EngineState)> done) override;
  void move_on() override;

 private:
  explicit EtcdEngine(std::unique_ptr<Members> members) : members_(std::move(members)), session_(*members_, thread_) {}

  template <class Call>
  void call(std::unique_ptr<Call> call);
  template <class Call>
  void answered(std::unique_ptr<Call> call);
  template <class Call>
  void log_in_and_repeat(std::unique_ptr<Call> refused);
  void grant(std::uint64_t session, std::function<void(bool granted)> done);

  const std::unique_ptr<Members> members_;
  EventThread thread_;
  SessionLease session_;
  std::mutex watch_mutex_;
  std::map<std::string, std::shared_ptr<WatchStream>> watches_;  // by prefix; under watch_mutex_
  std::atomic<bool> is_closing_{false};
};

}  // namespace rollcall::cluster::etcd
