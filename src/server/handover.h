// An upgrade without a gap, the old process's side: it hands sockets, leases and the database to a new process that has
// been started beside it (SIGUSR2, or `rollcalld --takeover`), and ends.
//
//   new process                                         old process
//   connects to DATABASE.handover            ──────►    turns away a second one, and other users
//   hello SCHEMA                             ──────►
//                                            ◄──────    welcome SCHEMA + the database's lock   (or: refused SENTENCE)
//                                            ◄──────    sockets …, cookies, all
//   opens the database, restores the roll               answers and writes as ever
//   freeze                                   ──────►    looks at no further HTTP request, waits until the writer is idle,
//                                                       holds the lease clock; DNS goes on
//                                            ◄──────    state: versions and leases of the whole roll
//   reads what has changed meanwhile
//   ready                                    ──────►
//                                            ◄──────    go: from here on it never writes again
//   answers DNS; serving                     ──────►
//                                            ◄──────    DNS connections …, dns-over: it answers no query any more
//   writes, and answers HTTP                 ◄──────    HTTP connections …, end; it ends
//
// Why so   the database carries the roll, so only what is nowhere else is passed. Clients that wait do so in the kernel: their
//          queries and connections are in sockets that both processes have. The new one acknowledges nothing before the old
//          one has answered its last query, so who has a 2xx finds itself. While nobody can renew a lease, no lease ends: the
//          time of the freeze is given back, as that of any pause (LeaseClock::hold).
// Failure  whatever happens to the new process before `serving`, the old one thaws and goes on, and everybody who waited is
//          answered. One that only was too slow is killed first: there are never two that write. Where the new one has written
//          to the database, by a migration or after `go`, memory does not hold any more: then the old one ends with a
//          sentence, and its service manager starts the server again.
// Limits   k_freeze_max from `freeze` to `ready`, k_migration_max where the schema is another.
// Threads  its own; the Server's are met as their rooms say.
// Not here a node of a cluster: it leaves and joins (docs/upgrade.md).
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/guarded.h"
#include "net/supervisor/channel.h"

namespace rollcall::net {
class Server;
}

namespace rollcall::server {

// What the hand-over needs of the server.
struct HandoverParts {
  net::Server& net;
  // No change any more, lease time stands still, and everything acknowledged is stored: the roll, as write_roll has it.
  // Empty: the store does not work now.
  std::function<std::optional<std::string>()> freeze;
  // As before. False: it cannot go on, because the database was written by another process.
  std::function<bool()> thaw;
  // Of the service manager and of `rollcall_handovers_failed_total`: nothing was handed over.
  std::function<void(pid_t, std::string_view why)> failed;
  // The secrets of DNS cookies, as octets.
  std::string cookies;
  int lock_descriptor;
  int schema;
  // That process answers now: the service manager is told.
  std::function<void(pid_t)> serves;
  // All has been handed to that process; 0: this one cannot go on.
  std::function<void(pid_t)> over;
};

class Handover {
 public:
  // Listens from construction to destruction. A socket that cannot be made is logged: upgrades have a gap then.
  Handover(const std::filesystem::path& database, HandoverParts parts);
  ~Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  // False: it could not, and the log says why.
  [[nodiscard]] bool listens() const { return listener_.has_value(); }
  // That process has begun to take over; what has become of it was told.
  [[nodiscard]] bool has_met(pid_t process) const { return last_peer_ == process; }

  // The server stops: what is under way is broken off, or, after `go`, brought to its end.
  void close();

 private:
  void listen();
  void serve(net::Channel channel);
  [[nodiscard]] bool converse(net::Channel& channel);
  [[nodiscard]] bool hand_over(net::Channel& channel, bool migrates);
  [[nodiscard]] bool refuse_older(net::Channel& channel, int schema) const;
  [[nodiscard]] bool give_sockets(net::Channel& channel) const;
  // The new process acknowledges nothing before it is told that this is done: nobody is answered from an older roll then.
  void give_dns(net::Channel& channel) const;
  void give_http(net::Channel& channel) const;

  const std::filesystem::path path_;
  const HandoverParts parts_;
  std::optional<net::ChannelListener> listener_;
  std::atomic<pid_t> busy_with_ = 0;
  std::atomic<pid_t> last_peer_ = 0;
  Guarded<net::Channel*> channel_{nullptr};
  std::atomic<bool> is_handed_over_ = false;
  std::jthread conversation_;
  std::jthread thread_;
};

// Beside the database.
[[nodiscard]] std::filesystem::path handover_path(const std::filesystem::path& database);

}  // namespace rollcall::server
