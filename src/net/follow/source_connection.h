// One connection to a Consul that is followed: a GET at a time, which may wait for a change there.
//
// Shape    kept open between queries, and made again when it is lost; a host with several addresses is tried in their order.
// Owner    the follower; ends before the loop.
// Threads  the loop's.
// Failure  Errc::unreachable, one sentence that names the server; after that the next call connects anew.
// Limits   k_follow_answer_bytes_max of an answer; the time of a call is what the caller gives.
// Source   RFC 9112; Consul's documentation of blocking queries.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "api/consul/follow/source.h"
#include "base/result.h"
#include "net/checks/host_names.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/stream.h"

namespace rollcall::net {

struct SourceAnswer {
  std::uint64_t index = 0;  // X-Consul-Index; 0: none
  std::string body;
};

// What the connections of one follower have in common. Borrowed for life.
struct SourceAccess {
  api::consul::SourceUrl url;
  std::string token = {};       // empty: none
  TlsContext::Shared tls = {};  // null: plain
};

// The context of a client that trusts whom the system trusts. Null for a plain URL.
[[nodiscard]] TlsContext::Shared tls_of(const api::consul::SourceUrl& url);

class SourceConnection final : private Deadline {
 public:
  SourceConnection(EventLoop& loop, HostNames& names, const SourceAccess& access)
      : Deadline(loop), loop_(loop), names_(names), access_(access), alarm_(loop.context()) {}

  // The answer of a 200; every other status is a failure.
  boost::asio::awaitable<Result<SourceAnswer>> get(std::string target, std::chrono::milliseconds within);

 private:
  struct LookUp;

  boost::asio::awaitable<Result<std::vector<IpEndpoint>>> find_endpoints();
  boost::asio::awaitable<Result<void>> connect();
  boost::asio::awaitable<Result<SourceAnswer>> exchange(const std::string& target);
  std::unexpected<Error> lose(std::string sentence);
  void on_deadline() override;

  EventLoop& loop_;
  HostNames& names_;
  const SourceAccess& access_;
  boost::asio::steady_timer alarm_;  // of a look-up
  std::optional<Stream> stream_;
  boost::beast::flat_buffer received_;
  bool is_late_ = false;
};

}  // namespace rollcall::net
