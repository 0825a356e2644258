// A name server over UDP and TCP on a port of its own, which says what it is told to say.
//
// Threads  one of its own; `set`, `silence` and the counts from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dns/types.h"
#include "unit/client/wire.h"

namespace rollcall::client {

class ScriptedNameServer {
 public:
  ScriptedNameServer();
  ~ScriptedNameServer();
  ScriptedNameServer(const ScriptedNameServer&) = delete;
  ScriptedNameServer& operator=(const ScriptedNameServer&) = delete;

  // "127.0.0.1:40001"
  [[nodiscard]] std::string address() const;

  // What it says to this question from now on; over TCP something else where that is given. To any other: NXDOMAIN.
  void set(const std::string& name, dns::Type type, Reply reply);
  void set_over_tcp(const std::string& name, dns::Type type, Reply reply);
  void set_silent(bool is_silent) { is_silent_ = is_silent; }

  [[nodiscard]] int questions() const { return questions_; }
  [[nodiscard]] int questions_over_tcp() const { return over_tcp_; }

 private:
  using Key = std::pair<std::string, dns::Type>;

  void run();
  void answer_datagram();
  void answer_connection();
  [[nodiscard]] std::vector<std::uint8_t> reply_to(Bytes question, bool is_tcp);

  int udp_ = -1;
  int tcp_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::map<Key, Reply> replies_;
  std::map<Key, Reply> tcp_replies_;
  std::atomic<bool> is_silent_ = false;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<int> questions_ = 0;
  std::atomic<int> over_tcp_ = 0;
  std::thread thread_;
};

}  // namespace rollcall::client
