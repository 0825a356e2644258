#include "client/http_client.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <charconv>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <optional>
#include <utility>

#include "base/duration.h"
#include "base/ip_address.h"
#include "base/limits.h"
#include "base/private_socket.h"
#include "client/base_url.h"
#include "client/host_addresses.h"
#include "client/tls_failure.h"
#include "client/tls_files.h"

namespace rollcall::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using tcp = asio::ip::tcp;
using Plain = beast::tcp_stream;
using Secure = beast::ssl_stream<beast::tcp_stream>;

constexpr unsigned k_unavailable = 503;
constexpr std::size_t k_piece_bytes = std::size_t{16} << 10;
constexpr std::uint64_t k_day_seconds = 86'400;  // upper bound for Retry-After

// The value of a numeric header field; 0 if it is missing or not a number.
std::uint64_t number_of(boost::beast::string_view field) {
  std::uint64_t number = 0;
  const char* const end = field.data() + field.size();
  const auto [read, error] = std::from_chars(field.data(), end, number);
  return error == std::errc() && read == end ? number : 0;
}

asio::ip::address asio_address(const IpAddress& address) { return asio::ip::make_address(address.text()); }

// The system's error text ("Connection refused"), adapted for use inside a sentence.
std::string reason(const error_code& error) {
  std::string words = error.message();
  if (words.size() > 1 && words[0] >= 'A' && words[0] <= 'Z' && words[1] >= 'a') {
    words[0] = static_cast<char>(words[0] - 'A' + 'a');
  }
  return words;
}

bool is_closed(const error_code& error) {
  return error == http::error::end_of_stream || error == asio::error::eof || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == asio::ssl::error::stream_truncated;
}

// A plain or a TLS connection to one base URL.
struct Connection {
  Connection(asio::io_context& context, asio::ssl::context* tls) {
    if (tls == nullptr) {
      plain.emplace(context);
    } else {
      secure.emplace(context, *tls);
    }
  }

  template <class Use>
  void with(Use use) {
    secure ? use(*secure) : use(*plain);
  }
  beast::tcp_stream& lowest() { return secure ? beast::get_lowest_layer(*secure) : *plain; }

  std::optional<Plain> plain;
  std::optional<Secure> secure;
  beast::flat_buffer received;
  std::size_t base = 0;      // index of the URL
  bool is_reused = false;    // it has delivered an answer before
  bool is_reusable = false;  // keep-alive, and no unread octets are left
};

// The time limit of a call: the total and the deadline.
struct Patience {
  explicit Patience(milliseconds longest) : whole(longest), deadline(steady_clock::now() + longest) {}
  milliseconds whole;
  steady_clock::time_point deadline;

  // The limit of the next try, of `tries` that are left: an equal part of the time that is left, so that a silent node
  // does not use all of it. The time that the server is asked to wait (`longer`) is not divided.
  [[nodiscard]] Patience of_one(std::size_t tries, milliseconds longer) const {
    if (tries <= 1) return *this;
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()) - longer;
    return Patience(std::max(left, milliseconds(0)) / static_cast<long>(tries) + longer);
  }
};

// Receives the body piece by piece; returns false to stop.
using Sink = std::function<Result<bool>(HttpResponse&, std::string_view)>;

Result<bool> keep(HttpResponse& response, std::string_view piece) {
  if (response.body.size() + piece.size() > limits::k_answer_bytes_max) {
    return failure(Errc::unreachable, fmt::format("the answer is longer than {} octets", limits::k_answer_bytes_max));
  }
  response.body += piece;
  return true;
}

}  // namespace

struct HttpClient::Impl {
  HttpSettings settings;
  std::vector<BaseUrl> bases;
  asio::io_context context{1};
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::optional<Connection> connection;
  std::size_t first = 0;  // the base that the next call tries first: the one that has answered last
  std::atomic<bool> is_stopped{false};

  // Runs one asynchronous operation and blocks until it ends; stop() cancels it.
  template <class Start>
  error_code wait(Start start) {
    error_code result = asio::error::operation_aborted;
    if (is_stopped) return result;
    start([&result](const error_code& error, const auto&...) { result = error; });
    context.restart();
    context.run();
    return result;
  }

  void cancel() {
    if (connection) connection->lowest().cancel();
  }

  [[nodiscard]] std::string name() const { return bases[connection->base].authority(); }

  std::unexpected<Error> broken(std::string message) {
    connection.reset();
    return failure(Errc::unreachable, is_stopped ? "stopped" : std::move(message));
  }

  std::string why_not_connected(const error_code& error, const Patience& patience) const {
    if (error != beast::error::timeout) return fmt::format("cannot connect to {}: {}", name(), reason(error));
    return fmt::format("cannot connect to {}: timed out after {}", name(), format_duration(patience.whole));
  }

  // Connects to one node; reuses the kept connection if it is to this one.
  Result<void> connect(std::size_t base, const Patience& patience) {
    if (connection && connection->is_reusable && connection->base == base) return {};
    const BaseUrl& url = bases[base];
    connection.reset();
    const auto addresses = find_host_addresses(url.host, patience.deadline, is_stopped);
    if (!addresses) {
      return failure(Errc::unreachable,
                     fmt::format("cannot connect to {}: {}", url.authority(), addresses.error().message));
    }
    error_code error;
    for (std::size_t i = 0; i < addresses->size(); ++i) {
      connection.emplace(context, url.is_secure ? &tls : nullptr);
      connection->base = base;
      const auto left = static_cast<long>(addresses->size() - i);
      const auto now = steady_clock::now();
      connection->lowest().expires_at(now + std::max<steady_clock::duration>(patience.deadline - now, milliseconds(0)) /
                                                left);
      const tcp::endpoint endpoint(asio_address((*addresses)[i]), url.port);
      open_private(connection->lowest().socket(), endpoint.protocol(), error);
      if (error) break;
      error = wait([&](auto done) { connection->lowest().async_connect(endpoint, done); });
      if (!error) break;
    }
    if (error) return broken(why_not_connected(error, patience));
    error_code ignored;
    connection->lowest().socket().set_option(tcp::no_delay(true), ignored);
    if (connection->secure) return shake_hands(url, patience);
    return {};
  }

  Result<void> shake_hands(const BaseUrl& url, const Patience& patience) {
    Secure& stream = *connection->secure;
    // SNI must not be an IP address literal (RFC 6066 §3).
    if (!IpAddress::parse(url.host)) {
      SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(url.host.c_str()));
    }
    stream.set_verify_callback(asio::ssl::host_name_verification(url.host));
    connection->lowest().expires_at(patience.deadline);
    const error_code error = wait([&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, done); });
    if (!error) return {};
    if (error == beast::error::timeout) return broken(why_not_connected(error, patience));
    const std::string why =
        is_closed(error) ? "it closed the connection" : why_no_tls(error, stream.native_handle(), url.host);
    return broken(fmt::format("no TLS with {}: {}", name(), why));
  }

  http::request<http::string_body> message(const HttpRequest& request) const {
    const BaseUrl& base = bases[connection->base];
    http::request<http::string_body> made;
    made.method_string(request.method);
    made.target(base.prefix + request.target);
    made.version(11);
    made.set(http::field::host, base.authority());
    made.set(http::field::user_agent, "rollcall");
    if (!settings.token.empty()) made.set(http::field::authorization, "Bearer " + settings.token);
    if (!request.last_event_id.empty()) made.set("Last-Event-ID", request.last_event_id);
    if (!request.body.empty()) made.set(http::field::content_type, "application/json");
    made.body() = request.body;
    if (!request.body.empty() || request.method != "GET") made.prepare_payload();
    return made;
  }

  // The error message for a missing or incomplete answer.
  std::string why_no_answer(const error_code& error, milliseconds patience) const {
    if (error == beast::error::timeout)
      return fmt::format("{} did not answer within {}", name(), format_duration(patience));
    constexpr unsigned char k_tls_alert = 21;  // RFC 8446 §5.1: how TLS answers plain HTTP
    const auto octets = connection->received.cdata();
    if (octets.size() > 0 && *static_cast<const unsigned char*>(octets.data()) == k_tls_alert) {
      return fmt::format("{} speaks TLS: write https:// instead of http://", name());
    }
    if (const auto refused = refused_by_alert(error)) return fmt::format("no TLS with {}: {}", name(), *refused);
    if (is_closed(error)) return fmt::format("{} closed the connection without an answer", name());
    if (error == http::error::partial_message) return fmt::format("{} closed the connection inside an answer", name());
    if (error.category() == make_error_code(http::error::bad_version).category()) {
      return fmt::format("{} does not speak HTTP", name());
    }
    return fmt::format("the connection to {} broke: {}", name(), reason(error));
  }

  // Sends the request, reads the response head. Empty if a kept connection was already closed: the caller then retries.
  Result<std::optional<HttpResponse>> begin(const HttpRequest& request, const Patience& patience,
                                            http::response_parser<http::buffer_body>& parser) {
    connection->lowest().expires_at(patience.deadline);
    const auto sent = message(request);
    error_code error =
        wait([&](auto done) { connection->with([&](auto& stream) { http::async_write(stream, sent, done); }); });
    if (!error) {
      error = wait([&](auto done) {
        connection->with([&](auto& stream) { http::async_read_header(stream, connection->received, parser, done); });
      });
    }
    if (error && connection->is_reused && is_closed(error) && !parser.got_some()) return std::nullopt;
    if (error) return broken(why_no_answer(error, patience.whole));
    HttpResponse response;
    const auto& head = parser.get();
    response.status = head.result_int();
    response.content_type = std::string(head[http::field::content_type]);
    response.index = number_of(head["X-Rollcall-Index"]);
    response.retry_after = std::chrono::seconds(std::min(number_of(head[http::field::retry_after]), k_day_seconds));
    return response;
  }

  // Reads the body piece by piece. With `idle`, each piece has this timeout; without it, all have the deadline.
  Result<void> read_body(HttpResponse& response, const Patience& patience, std::optional<milliseconds> idle,
                         http::response_parser<http::buffer_body>& parser, const Sink& sink) {
    std::array<char, k_piece_bytes> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled before it is read
    while (!parser.is_done()) {
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      connection->lowest().expires_at(idle ? steady_clock::now() + *idle : patience.deadline);
      error_code error = wait([&](auto done) {
        connection->with([&](auto& stream) { http::async_read_some(stream, connection->received, parser, done); });
      });
      if (error == http::error::need_buffer) error = {};
      const std::string_view read(piece.data(), piece.size() - parser.get().body().size);
      if (const Result<bool> taken = sink(response, read); !taken) {
        connection.reset();
        return std::unexpected(taken.error());
      } else if (!*taken) {
        connection.reset();
        return {};
      }
      if (error) return broken(why_no_answer(error, idle.value_or(patience.whole)));
    }
    connection->is_reused = true;
    connection->is_reusable = parser.keep_alive() && connection->received.size() == 0;
    return {};
  }

  // Sends the request to one node, and reads the head of its answer.
  Result<HttpResponse> ask(std::size_t base, const HttpRequest& request, const Patience& patience,
                           std::optional<http::response_parser<http::buffer_body>>& parser) {
    for (;;) {
      if (const Result<void> connected = connect(base, patience); !connected) return std::unexpected(connected.error());
      parser.emplace();
      parser->header_limit(limits::k_answer_header_bytes_max);
      parser->body_limit(boost::none);
      auto response = begin(request, patience, *parser);
      if (!response) return std::unexpected(std::move(response.error()));
      if (*response) return std::move(**response);
      connection.reset();
    }
  }

  // Asks one node after the other until one answers, with anything but 503. If none does, a 503 says more than an error.
  Result<HttpResponse> exchange(const HttpRequest& request, std::optional<milliseconds> idle, const Sink& sink) {
    const milliseconds limit =
        request.within > milliseconds(0) ? std::min(request.within, settings.timeout) : settings.timeout;
    const Patience patience(limit + request.longer);
    std::optional<HttpResponse> refusal;
    std::string reasons;
    const std::size_t start = first;
    for (std::size_t i = 0; i < bases.size(); ++i) {
      const std::size_t base = (start + i) % bases.size();
      const std::size_t tries = bases.size() - i;
      const Patience one = patience.of_one(tries, request.longer);
      std::optional<http::response_parser<http::buffer_body>> parser;
      Result<HttpResponse> response = ask(base, request, one, parser);
      if (!response) {
        if (is_stopped) return response;
        reasons += (reasons.empty() ? "" : "; ") + response.error().message;
      } else if (response->status == k_unavailable && bases.size() > 1) {
        if (read_body(*response, one, std::nullopt, *parser, keep)) refusal = std::move(*response);
      } else {
        first = base;
        const bool is_stream = idle && response->status == 200;
        const Result<void> read = read_body(*response, patience, is_stream ? idle : std::nullopt, *parser, sink);
        if (read) return response;
        first = (base + 1) % bases.size();  // the next call starts with the next node
        return std::unexpected(read.error());
      }
    }
    if (refusal) return std::move(*refusal);
    return failure(Errc::unreachable, reasons);
  }
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::open(const HttpSettings& settings) {
  auto impl = std::make_unique<Impl>();
  impl->settings = settings;
  for (const std::string& url : settings.urls) {
    Result<BaseUrl> base = parse_base_url(url);
    if (!base) return std::unexpected(base.error());
    impl->bases.push_back(std::move(*base));
  }
  if (impl->bases.empty()) return failure(Errc::invalid, "there is no registry to ask");
  const bool is_for_https = std::ranges::any_of(impl->bases, &BaseUrl::is_secure);
  if (const Result<void> loaded = load_tls_files(impl->tls, settings, is_for_https); !loaded) {
    return std::unexpected(loaded.error());
  }
  return HttpClient(std::move(impl));
}

Result<HttpResponse> HttpClient::call(const HttpRequest& request) {
  return impl_->exchange(request, std::nullopt, keep);
}

Result<HttpResponse> HttpClient::stream(const HttpRequest& request, milliseconds idle,
                                        const EventStream::OnEvent& on_event) {
  EventStream events(on_event);
  return impl_->exchange(request, idle, [&](HttpResponse& response, std::string_view piece) {
    return response.status == 200 ? events.feed(piece) : keep(response, piece);
  });
}

void HttpClient::stop() {
  impl_->is_stopped = true;
  asio::post(impl_->context, [impl = impl_.get()] { impl->cancel(); });
}

}  // namespace rollcall::client
