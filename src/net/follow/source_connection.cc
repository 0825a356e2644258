#include "net/follow/source_connection.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "base/printable.h"
#include "base/private_socket.h"
#include "net/follow/limits.h"
#include "net/sockets/asio_address.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr std::size_t k_source_sentence_bytes_max = 200;  // of what the source says

std::uint64_t source_index_of(boost::beast::string_view field) {
  std::uint64_t number = 0;
  std::from_chars(field.data(), field.data() + field.size(), number);
  return number;
}

}  // namespace

// Shared with a look-up, which may end after its wait has.
struct SourceConnection::LookUp {
  std::optional<Result<std::vector<IpAddress>>> found;
  asio::steady_timer* alarm = nullptr;  // null: the wait is over
};

TlsContext::Shared tls_of(const api::consul::SourceUrl& url) {
  if (!url.is_secure) return nullptr;
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  boost::system::error_code ignored;
  context->set_default_verify_paths(ignored);
  context->set_verify_mode(asio::ssl::verify_peer);
  context->set_verify_callback(asio::ssl::host_name_verification(url.host));
  return context;
}

std::unexpected<Error> SourceConnection::lose(std::string sentence) {
  stream_.reset();
  received_.clear();
  if (is_late_) sentence = "no answer in time";
  return failure(Errc::unreachable, fmt::format("{}: {}", access_.url.authority(), sentence));
}

void SourceConnection::on_deadline() {
  is_late_ = true;
  if (stream_) stream_->close();
  alarm_.cancel();
}

asio::awaitable<Result<SourceAnswer>> SourceConnection::get(std::string target, std::chrono::milliseconds within) {
  is_late_ = false;
  expires_after(within);
  if (!stream_ || !stream_->is_open()) {
    Result<void> connected = co_await connect();
    if (!connected) {
      cancel_deadline();
      co_return std::unexpected(std::move(connected.error()));
    }
  }
  Result<SourceAnswer> answer = co_await exchange(target);
  cancel_deadline();
  co_return answer;
}

asio::awaitable<Result<std::vector<IpEndpoint>>> SourceConnection::find_endpoints() {
  const std::string& host = access_.url.host;
  if (const auto literal = IpAddress::parse(host)) co_return std::vector{IpEndpoint{*literal, access_.url.port}};
  const auto shared = std::make_shared<LookUp>();
  shared->alarm = &alarm_;
  alarm_.expires_at(asio::steady_timer::time_point::max());
  names_.find(host, [shared](const Result<std::vector<IpAddress>>& found) {
    shared->found = found;
    if (shared->alarm != nullptr) shared->alarm->cancel();
  });
  boost::system::error_code ignored;
  if (!shared->found) co_await alarm_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  shared->alarm = nullptr;
  if (!shared->found) co_return lose("its name is not found in time");
  if (!*shared->found) co_return lose((*shared->found).error().message);
  std::vector<IpEndpoint> endpoints;
  for (const IpAddress& address : **shared->found) endpoints.push_back({address, access_.url.port});
  co_return endpoints;
}

asio::awaitable<Result<void>> SourceConnection::connect() {
  const Result<std::vector<IpEndpoint>> endpoints = co_await find_endpoints();
  if (!endpoints) co_return std::unexpected(endpoints.error());
  boost::system::error_code error = asio::error::host_unreachable;
  for (const IpEndpoint& endpoint : *endpoints) {
    const tcp::endpoint peer(asio_address(endpoint.address), endpoint.port);
    tcp::socket socket(loop_.context());
    open_private(socket, peer.protocol(), error);
    if (error) break;
    stream_.emplace(std::move(socket), access_.tls);
    co_await stream_->socket().async_connect(peer, asio::redirect_error(asio::use_awaitable, error));
    if (!error || is_late_) break;
  }
  if (error || is_late_) co_return lose(error.message());
  boost::system::error_code ignored;
  stream_->socket().set_option(tcp::no_delay(true), ignored);
  received_.clear();
  stream_->name_server(access_.url.host);
  const bool agrees = co_await stream_->handshake(asio::ssl::stream_base::client);
  if (!agrees) {
    const std::string why = stream_->failure().sentence;
    co_return lose(why.empty() ? "it closed the connection during the TLS handshake" : "no TLS: " + why);
  }
  co_return Result<void>();
}

asio::awaitable<Result<SourceAnswer>> SourceConnection::exchange(const std::string& target) {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  http::request<http::string_body> request(http::verb::get, access_.url.prefix + target, 11);
  request.set(http::field::host, access_.url.authority());
  request.set(http::field::user_agent, "rollcall");
  if (!access_.token.empty()) request.set("X-Consul-Token", access_.token);
  co_await http::async_write(*stream_, request, done);
  if (error) co_return lose(error.message());
  http::response_parser<http::string_body> answer;
  answer.body_limit(k_follow_answer_bytes_max);
  co_await http::async_read(*stream_, received_, answer, done);
  if (error) co_return lose(error.message());
  auto& message = answer.get();
  if (!message.keep_alive()) stream_.reset();
  if (message.result_int() != 200) {
    const std::string said = escape(message.body().substr(0, k_source_sentence_bytes_max));
    co_return failure(Errc::unreachable,
                      fmt::format("{}{}: {} {}", access_.url.authority(), target, message.result_int(), said));
  }
  if (message["X-Consul-KnownLeader"] == "false")
    co_return failure(Errc::unreachable, fmt::format("{} has no leader", access_.url.authority()));
  co_return SourceAnswer{source_index_of(message["X-Consul-Index"]), std::move(message.body())};
}

}  // namespace rollcall::net
