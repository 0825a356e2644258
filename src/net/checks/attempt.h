// One run of a check, under its deadline: connects to one address, asks, and reads the answer.
//
// Owner    the coroutine that runs the check; the deadline closes the sockets under it.
// Threads  the loop's.
// Source   docs/checks.md.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "health/check_state.h"
#include "net/checks/check_tls.h"
#include "net/sockets/event_loop.h"

namespace rollcall::net {

class CheckAttempt final : public Deadline {
 public:
  CheckAttempt(EventLoop& loop, const health::Check& check, std::chrono::milliseconds timeout);
  ~CheckAttempt() override = default;

  // Asks one address, as the check's type has it.
  [[nodiscard]] boost::asio::awaitable<health::RunResult> ask(IpEndpoint endpoint);

  [[nodiscard]] bool is_over() const { return is_over_; }
  // Cancelled at the deadline: for steps that wait without a socket.
  [[nodiscard]] boost::asio::steady_timer& alarm() { return alarm_; }
  [[nodiscard]] health::RunResult timed_out(const std::string& what) const;

 private:
  using Awaitable = boost::asio::awaitable<health::RunResult>;

  Awaitable ask_tcp(IpEndpoint endpoint, std::string what);
  Awaitable ask_http(IpEndpoint endpoint, std::string what);
  Awaitable ask_http2(IpEndpoint endpoint, std::string what);
  template <class Stream>
  Awaitable ask_http2_over(Stream& stream, IpEndpoint endpoint, std::string what);
  template <class Stream>
  Awaitable ask_http_over(Stream& stream, IpEndpoint endpoint, std::string what);
  void connect_udp(const IpEndpoint& endpoint, boost::system::error_code& error);
  Awaitable ask_udp(IpEndpoint endpoint, std::string what);
  template <class Answer>
  [[nodiscard]] health::RunResult judge(const Answer& answer, const std::string& what) const;
  Awaitable ask_dns(IpEndpoint endpoint, std::string what);
  boost::asio::awaitable<boost::system::error_code> connect(IpEndpoint endpoint);
  boost::asio::awaitable<std::optional<health::RunResult>> shake_hands(CheckTls& tls, IpEndpoint endpoint,
                                                                       std::string what);
  void reset();
  void on_deadline() override;
  [[nodiscard]] health::RunResult failed(const std::string& what, const boost::system::error_code& error) const;

  const health::Check& check_;
  const std::chrono::milliseconds timeout_;
  boost::asio::ip::tcp::socket tcp_;
  boost::asio::ip::udp::socket udp_;
  boost::asio::steady_timer alarm_;
  bool is_over_ = false;
};

}  // namespace rollcall::net
