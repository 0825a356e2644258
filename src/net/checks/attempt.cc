#include "net/checks/attempt.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <utility>

#include "base/ascii_case.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/local_error.h"
#include "base/private_socket.h"
#include "base/random.h"
#include "dns/name.h"
#include "dns/query.h"
#include "health/check_json.h"
#include "net/checks/check_tls.h"
#include "net/checks/http2_question.h"
#include "net/sockets/asio_address.h"
#include "net/sockets/handshake_failure.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using asio::ip::udp;
using health::RunEnd;
using health::RunResult;

constexpr std::size_t k_dns_message_bytes = limits::k_udp_payload_min;
constexpr std::size_t k_answer_bytes = std::size_t{8} << 10;
constexpr std::size_t k_http2_read_bytes = std::size_t{4} << 10;
constexpr unsigned k_too_many_requests = 429;             // RFC 6585 §4
constexpr std::chrono::milliseconds k_udp_patience{500};  // for an ICMP that nobody listens

std::string ranges_text(const std::vector<health::StatusRange>& ranges) {
  std::string text;
  for (const health::StatusRange& range : ranges) {
    if (!text.empty()) text += ", ";
    text += range.first == range.last ? std::to_string(range.first) : fmt::format("{}-{}", range.first, range.last);
  }
  return text;
}

bool is_expected(unsigned status, const std::vector<health::StatusRange>& ranges) {
  return std::ranges::any_of(ranges, [&](const auto& range) { return status >= range.first && status <= range.last; });
}

// The question alone, recursion desired: the instance may be a resolver.
std::size_t write_query(const health::Check& check, std::uint16_t id, std::span<std::uint8_t> message) {
  ByteWriter out(message);
  out.u16(id);
  out.u16(dns::k_flag_rd);
  out.u32(std::uint32_t{1} << 16);
  out.u32(0);
  const std::optional<dns::Name> name = dns::Name::parse(check.name);
  if (name) out.bytes(name->wire());
  out.u16(check.qtype);
  out.u16(static_cast<std::uint16_t>(dns::Class::in));
  return out.size();
}

}  // namespace

CheckAttempt::CheckAttempt(EventLoop& loop, const health::Check& check, std::chrono::milliseconds timeout)
    : Deadline(loop),
      check_(check),
      timeout_(timeout),
      tcp_(loop.context()),
      udp_(loop.context()),
      alarm_(loop.context(), asio::steady_timer::time_point::max()) {
  expires_after(timeout);
}

// Closing the sockets ends every wait for them with an error.
void CheckAttempt::on_deadline() {
  is_over_ = true;
  boost::system::error_code ignored;
  tcp_.close(ignored);
  udp_.close(ignored);
  alarm_.cancel();
}

RunResult CheckAttempt::timed_out(const std::string& what) const {
  return {RunEnd::timed_out, fmt::format("{}: no answer within {}", what, format_duration(timeout_))};
}

RunResult CheckAttempt::failed(const std::string& what, const boost::system::error_code& error) const {
  if (is_over_) return timed_out(what);
  if (error.category() == boost::system::system_category() && is_local_error(error.value())) {
    return {RunEnd::not_run, fmt::format("{}: this server cannot ask: {}", what, error.message())};
  }
  const bool refused = error == asio::error::connection_refused;
  return {refused ? RunEnd::refused : RunEnd::failed, fmt::format("{}: {}", what, error.message())};
}

asio::awaitable<RunResult> CheckAttempt::ask(IpEndpoint endpoint) {
  switch (check_.type) {
    case health::CheckType::tcp: return ask_tcp(endpoint, fmt::format("tcp {}", endpoint.text()));
    case health::CheckType::http:
      return ask_http(endpoint,
                      fmt::format("{}://{}{}", check_.uses_tls ? "https" : "http", endpoint.text(), check_.path));
    case health::CheckType::udp: return ask_udp(endpoint, fmt::format("udp {}", endpoint.text()));
    case health::CheckType::dns:
      return ask_dns(endpoint,
                     fmt::format("dns {} {} {}", endpoint.text(), check_.name, health::qtype_text(check_.qtype)));
    case health::CheckType::grpc:
      return ask_http2(endpoint,
                       fmt::format("grpc {}{}{}", endpoint.text(), check_.target.empty() ? "" : "/", check_.target));
    case health::CheckType::h2ping: return ask_http2(endpoint, fmt::format("h2ping {}", endpoint.text()));
    case health::CheckType::alias:
    case health::CheckType::alias_node:
    case health::CheckType::ttl: break;  // looked up on the roll, heard of (registry/work/health_schedule.h)
  }
  std::unreachable();
}

asio::awaitable<boost::system::error_code> CheckAttempt::connect(IpEndpoint endpoint) {
  boost::system::error_code error;
  reset();
  const tcp::endpoint peer(asio_address(endpoint.address), endpoint.port);
  open_private(tcp_, peer.protocol(), error);
  if (!error) co_await tcp_.async_connect(peer, asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

void CheckAttempt::reset() {
  boost::system::error_code ignored;
  if (!tcp_.is_open()) return;
  tcp_.set_option(tcp::socket::linger(true, 0), ignored);
  tcp_.close(ignored);
}

asio::awaitable<std::optional<RunResult>> CheckAttempt::shake_hands(CheckTls& tls, IpEndpoint endpoint,
                                                                    std::string what) {
  boost::system::error_code error;
  const bool speaks_http2 = check_.type == health::CheckType::grpc || check_.type == health::CheckType::h2ping;
  prepare_check_tls(tls, check_, endpoint, speaks_http2);
  co_await tls.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return std::nullopt;
  if (!is_over_) {
    const std::string why = why_server_failed(error, tls.native_handle()).sentence;
    if (!why.empty()) co_return RunResult{RunEnd::failed, fmt::format("{}: no TLS: {}", what, why)};
  }
  co_return failed(what, error);
}

CheckAttempt::Awaitable CheckAttempt::ask_tcp(IpEndpoint endpoint, std::string what) {
  boost::system::error_code error = co_await connect(endpoint);
  if (error) co_return failed(what, error);
  if (check_.uses_tls) {
    CheckTls tls(tcp_, check_tls_context(check_.skips_tls_verify));
    if (std::optional<RunResult> failure = co_await shake_hands(tls, endpoint, what)) co_return std::move(*failure);
  }
  reset();
  co_return RunResult{RunEnd::passed, {}};
}

CheckAttempt::Awaitable CheckAttempt::ask_http(IpEndpoint endpoint, std::string what) {
  boost::system::error_code error = co_await connect(endpoint);
  if (error) co_return failed(what, error);
  if (!check_.uses_tls) co_return co_await ask_http_over(tcp_, endpoint, std::move(what));
  CheckTls tls(tcp_, check_tls_context(check_.skips_tls_verify));
  if (std::optional<RunResult> failure = co_await shake_hands(tls, endpoint, what)) co_return std::move(*failure);
  co_return co_await ask_http_over(tls, endpoint, std::move(what));
}

CheckAttempt::Awaitable CheckAttempt::ask_http2(IpEndpoint endpoint, std::string what) {
  boost::system::error_code error = co_await connect(endpoint);
  if (error) co_return failed(what, error);
  if (!check_.uses_tls) co_return co_await ask_http2_over(tcp_, endpoint, std::move(what));
  CheckTls tls(tcp_, check_tls_context(check_.skips_tls_verify));
  if (std::optional<RunResult> failure = co_await shake_hands(tls, endpoint, what)) co_return std::move(*failure);
  co_return co_await ask_http2_over(tls, endpoint, std::move(what));
}

template <class Stream>
CheckAttempt::Awaitable CheckAttempt::ask_http2_over(Stream& stream, IpEndpoint endpoint, std::string what) {
  std::optional<Http2Question::Call> call;
  if (check_.type == health::CheckType::grpc) {
    const bool has_name = !check_.address.empty() && !IpAddress::parse(check_.address);
    call = {.authority = has_name ? fmt::format("{}:{}", check_.address, endpoint.port) : endpoint.text(),
            .service = check_.target,
            .is_tls = check_.uses_tls};
  }
  Http2Question question(std::move(call));
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  std::array<std::uint8_t, k_http2_read_bytes> read{};
  while (!question.verdict()) {
    for (std::string_view out = question.output(); !out.empty(); out = question.output()) {
      co_await asio::async_write(stream, asio::buffer(out), done);
      if (error) co_return failed(what, error);
    }
    if (question.verdict()) break;
    const std::size_t got = co_await stream.async_read_some(asio::buffer(read), done);
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
      question.end();
    } else if (error) {
      co_return failed(what, error);
    } else {
      question.input(std::span(read).first(got));
    }
  }
  const Http2Question::Verdict& verdict = *question.verdict();
  if (verdict.has_passed) reset();
  if (verdict.has_passed && check_.id.empty()) co_return RunResult{RunEnd::passed, {}};
  co_return RunResult{verdict.has_passed ? RunEnd::passed : RunEnd::failed, fmt::format("{}: {}", what, verdict.text)};
}

template <class Stream>
CheckAttempt::Awaitable CheckAttempt::ask_http_over(Stream& stream, IpEndpoint endpoint, std::string what) {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  http::request<http::string_body> request(http::verb::get, check_.path, 11);
  if (!check_.method.empty()) request.method_string(check_.method);
  request.set(http::field::user_agent, "rollcall");
  request.set(http::field::accept, "*/*");
  request.set(http::field::host, check_.host.empty() ? endpoint.text() : check_.host);
  for (const auto& [name, value] : check_.header) {
    if (equal_but_for_case(name, "Host")) {
      request.set(http::field::host, value);
    } else {
      request.insert(name, value);
    }
  }
  request.set(http::field::connection, "close");
  request.body() = check_.body;
  if (!check_.body.empty()) request.prepare_payload();
  co_await http::async_write(stream, request, done);
  if (error) co_return failed(what, error);

  boost::beast::flat_buffer buffer(k_answer_bytes);
  http::response_parser<http::string_body> answer;
  answer.body_limit(boost::none);
  answer.eager(true);
  answer.skip(check_.method == "HEAD");
  co_await http::async_read_header(stream, buffer, answer, done);
  if (error) co_return failed(what, error);
  // With a Content-Length the whole answer is read, so that the server is not reset while it writes. Without one the answer
  // may never end.
  if (answer.content_length() || !check_.expect_body.empty()) {
    while (!answer.is_done() && answer.get().body().size() < limits::k_check_body_bytes_max) {
      co_await http::async_read_some(stream, buffer, answer, done);
      if (error == http::error::end_of_stream) break;
      if (error) co_return failed(what, error);
    }
  }
  RunResult result = judge(answer.get(), what);
  if (result.end == RunEnd::passed) reset();
  co_return result;
}

template <class Answer>
RunResult CheckAttempt::judge(const Answer& answer, const std::string& what) const {
  const unsigned status = answer.result_int();
  const bool has_name = !check_.id.empty();
  if (has_name && status == k_too_many_requests) return {RunEnd::warned, fmt::format("{}: status {}", what, status)};
  if (!is_expected(status, check_.expect_status)) {
    return {RunEnd::failed, fmt::format("{}: status {}, expected {}", what, status, ranges_text(check_.expect_status))};
  }
  if (!check_.expect_body.empty()) {
    const std::string_view body = std::string_view(answer.body()).substr(0, limits::k_check_body_bytes_max);
    if (!body.contains(check_.expect_body)) {
      return {RunEnd::failed,
              fmt::format("{}: status {}, but the body has no \"{}\"", what, status, check_.expect_body)};
    }
  }
  return {RunEnd::passed, has_name ? fmt::format("{}: status {}", what, status) : std::string()};
}

void CheckAttempt::connect_udp(const IpEndpoint& endpoint, boost::system::error_code& error) {
  const udp::endpoint peer(asio_address(endpoint.address), endpoint.port);
  boost::system::error_code ignored;
  udp_.close(ignored);
  open_private(udp_, peer.protocol(), error);
  if (!error) udp_.connect(peer, error);
}

// A datagram that nobody refuses is enough: what an answer would be like is not known here.
CheckAttempt::Awaitable CheckAttempt::ask_udp(IpEndpoint endpoint, std::string what) {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  connect_udp(endpoint, error);
  if (error) co_return failed(what, error);
  std::array<char, 1> octet{'\n'};
  co_await udp_.async_send(asio::buffer(octet), done);
  if (error) co_return failed(what, error);
  asio::steady_timer patience(alarm_.get_executor(), std::min(k_udp_patience, timeout_ / 2));
  patience.async_wait([this](const boost::system::error_code& ended) {
    if (!ended) udp_.cancel();
  });
  co_await udp_.async_receive(asio::buffer(octet), done);
  if (error && (is_over_ || error != asio::error::operation_aborted) && error != asio::error::message_size) {
    co_return failed(what, error);
  }
  co_return RunResult{RunEnd::passed, {}};
}

CheckAttempt::Awaitable CheckAttempt::ask_dns(IpEndpoint endpoint, std::string what) {
  static thread_local Random random = Random::from_system();
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  connect_udp(endpoint, error);
  if (error) co_return failed(what, error);
  std::array<std::uint8_t, k_dns_message_bytes> message{};
  const auto id = static_cast<std::uint16_t>(random.below(0x10000));
  const std::size_t size = write_query(check_, id, message);
  co_await udp_.async_send(asio::buffer(message.data(), size), done);
  if (error) co_return failed(what, error);
  while (true) {
    const std::size_t got = co_await udp_.async_receive(asio::buffer(message), done);
    if (error) co_return failed(what, error);
    if (got < dns::k_header_bytes || load_u16(message.data()) != id) continue;
    const std::uint16_t flags = load_u16(message.data() + 2);
    if ((flags & dns::k_flag_qr) == 0) continue;
    const auto rcode = static_cast<dns::Rcode>(flags & 0xfU);
    if (rcode == dns::Rcode::noerror) co_return RunResult{RunEnd::passed, {}};
    co_return RunResult{RunEnd::failed, fmt::format("{}: {}", what, dns::rcode_text(rcode))};
  }
}

}  // namespace rollcall::net
