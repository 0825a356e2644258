// An upgrade without a gap, the new process's side (handover.h draws the whole).
//
// Owner    main; the sockets that it was given go to the Server.
// Threads  main, one call after the other; `adopt_http` has a thread of its own.
// Failure  Errc::start_up with one sentence: the old process goes on.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "net/server.h"
#include "net/supervisor/channel.h"
#include "registry/ports/handed_roll.h"
#include "store/database_lock.h"

namespace rollcall::ops {
struct Settings;
}

namespace rollcall::server {

class Takeover {
 public:
  // Null: no rollcalld runs on this database, so there is nothing to take over.
  [[nodiscard]] static Result<std::unique_ptr<Takeover>> begin(const ops::Settings& settings);

  // The old one's, shared. Once.
  [[nodiscard]] store::DatabaseLock take_lock();
  // The database has another schema, and is migrated after `freeze`.
  [[nodiscard]] bool migrates() const { return migrates_; }
  // Those of the old one at the addresses of the settings; the others are to be bound.
  [[nodiscard]] net::GivenSockets take_sockets(const ops::Settings& settings);
  // The secrets of its DNS cookies, as octets.
  [[nodiscard]] const std::string& cookies() const { return cookies_; }

  // From here on nobody but us changes the roll; clients wait. The second call does nothing.
  [[nodiscard]] Result<void> freeze(const registry::ZoneDirectory& zones);
  [[nodiscard]] const registry::HandedRoll& roll() const { return roll_; }
  // The old one has stopped writing for good.
  [[nodiscard]] Result<void> go();
  // We answer DNS: the old one passes its connections on, and answers none any more when this returns.
  void serve_dns(net::Server& net);
  // HTTP is answered again: connections come, and the old one ends. Returns at once: how long changes have waited.
  std::chrono::milliseconds adopt_http(net::Server& net);

 private:
  explicit Takeover(net::Channel channel) : channel_(std::move(channel)) {}
  [[nodiscard]] Result<void> take_all();
  [[nodiscard]] bool take_socket(net::Channel::Message message);

  net::Channel channel_;
  std::optional<store::DatabaseLock> lock_;
  bool migrates_ = false;
  bool is_frozen_ = false;
  std::chrono::steady_clock::time_point frozen_at_;
  net::GivenSockets given_;
  std::string cookies_;
  registry::HandedRoll roll_;
  std::jthread connections_;
};

}  // namespace rollcall::server
