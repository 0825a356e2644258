// Answers that come late, or whose clients are slow to take them; and what is held meanwhile.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>

#include "catch.h"
#include "unit/net/certificate_directory.h"
#include "unit/net/world.h"

namespace rollcall::net {
namespace {

using namespace testing;

bool is_alive(const World& world) {
  Client client = world.http();
  client.send(request("GET /healthz"));
  return client.read_http().status == 200;
}

TEST_CASE("a page of the history that comes after its deadline finds nobody") {
  World world({.times = {.history = 1ms}});
  world.history().is_held = true;
  std::string together;
  for (int i = 0; i < 256; ++i) together += request("GET /v1/events?service=nobody");
  for (int i = 0; i < 4; ++i) {
    Client client = world.http();
    client.send(together);
    const HttpAnswer answer = client.read_http();
    CHECK(answer.status == 503);
    CHECK(answer.body.find("history_too_slow") != std::string::npos);
    CHECK(answer.body.find("change") == std::string::npos);  // a read has changed nothing
    CHECK(answer.fields.at("Connection") == "close");
    CHECK(client.is_at_end());
    CHECK(world.history().let_go() == 1);
    CHECK(is_alive(world));
  }
}

TEST_CASE("a page that comes when its client has gone finds nobody") {
  World world;
  world.history().is_held = true;
  for (int i = 0; i < 8; ++i) {
    Client client = world.http();
    client.send(request("GET /v1/events") + request("GET /v1/events"));
    while (world.history().pages.load() < i + 1) std::this_thread::yield();
  }
  world.history().let_go();
  CHECK(is_alive(world));
}

TEST_CASE("a drain whose commit comes too late waits for nobody") {
  World world({.times = {.commit = 1ms}});
  world.add("web", "a");
  registry::testing::Gate& gate = world.hold_the_journal();
  Client client = world.http();
  client.send(request("POST /v1/services/web/instances/a/drain?wait=10s", ""));
  gate.wait_until_entered();
  CHECK(client.read_http().status == 503);
  CHECK(client.is_at_end());
  gate.open();
  CHECK(is_alive(world));
  CHECK(world.counted(&api::Counters::waiting) == 0);
}

// A page so long that no system's buffers take it.
constexpr std::size_t k_long = std::size_t{24} << 20;

TEST_CASE("a steady but slow reader gets all of a long answer") {
  World world({.times = {.write = 300ms}});
  world.fake().metrics = std::string(k_long, 'x');
  Client client(world.server().http_endpoints().front(), SOCK_STREAM, 64 << 10);
  client.send(request("GET /metrics"));
  static_cast<void>(client.read_until("\r\n\r\n"));
  for (std::size_t got = 0; got < k_long; got += k_long / 48) {
    CHECK(client.read(k_long / 48).size() == k_long / 48);
    std::this_thread::sleep_for(25ms);  // as a slow line does: four times the deadline in all
  }
  client.send(request("GET /healthz"));
  CHECK(client.read_http().status == 200);
}

TEST_CASE("a reader that takes nothing is let go, and what was held for it as well") {
  World world({.times = {.write = 100ms}});
  world.fake().metrics = std::string(k_long, 'x');
  Client client(world.server().http_endpoints().front(), SOCK_STREAM, 64 << 10);
  client.send(request("GET /metrics"));
  while (world.server().http_connections().held_bytes == 0) std::this_thread::yield();
  while (world.server().http_connections().held_bytes > 0) std::this_thread::yield();
  CHECK(client.read_to_end().size() < k_long);
  CHECK(world.server().http_connections().timed_out == 1);
}

TEST_CASE("where clients that do not read hold all the memory for answers, lists are refused and heartbeats are not") {
  World world({.held = 1 << 20});
  world.add("web", "a");
  world.fake().metrics = std::string(k_long, 'x');
  Client holding(world.server().http_endpoints().front(), SOCK_STREAM, 64 << 10);
  holding.send(request("GET /metrics"));
  while (world.server().http_connections().held_bytes == 0) std::this_thread::yield();
  Client client = world.http();
  for (const char* path : {"/v1/services", "/v1/services/web", "/v1/events", "/v1/watch", "/v1/explain?name=web.x"}) {
    client.send(request("GET " + std::string(path)));
    const HttpAnswer answer = client.read_http();
    CHECK(answer.status == 503);
    CHECK(answer.body.find("overloaded") != std::string::npos);
    CHECK(answer.fields.contains("Retry-After"));
  }
  client.send(request("POST /v1/services/web/instances/a/heartbeat", "") + registration("b") +
              request("GET /v1/services/web/instances/b"));
  for (const int status : {200, 201, 200}) CHECK(client.read_http().status == status);
  client.send("POST /v1/heartbeats HTTP/1.1\r\nHost: test\r\nContent-Length: 500000\r\n\r\n{");  // and no long body
  CHECK(client.read_http().status == 503);
  CHECK(client.is_at_end());
  CHECK(world.counted(&api::Counters::without_room) == 6);
  CHECK(holding.read_http().body.size() == k_long);
  CHECK(world.server().http_connections().held_bytes == 0);
  Client again = world.http();
  again.send(request("GET /v1/services"));
  CHECK(again.read_http().status == 200);
}

TEST_CASE("a connection whose client does not read holds no more than one answer beyond its bound") {
  World world;
  world.fake().metrics = std::string(k_long, 'x');
  Client client(world.server().http_endpoints().front(), SOCK_STREAM, 64 << 10);
  std::string together;
  for (int i = 0; i < 50; ++i) together += request("GET /metrics");
  client.send(together);
  while (world.server().http_connections().held_bytes == 0) std::this_thread::yield();
  std::this_thread::sleep_for(50ms);
  CHECK(world.server().http_connections().held_bytes < k_long + limits::k_http_held_bytes_max);
  CHECK(world.counted(&api::Counters::requests) == 1);
  CHECK(client.read_http().body.size() == k_long);
  CHECK(client.read_http().body.size() == k_long);
}

TEST_CASE(
    "requests behind an answer longer than what a connection may hold are answered, whether or not it is taken at "
    "once") {
  World world;
  world.fake().metrics = std::string(limits::k_http_held_bytes_max + 100'000, 'x');
  Client client = world.http();
  client.send(request("GET /metrics") + request("GET /metrics") + request("GET /healthz"));
  CHECK(client.read_http().body.size() == world.fake().metrics.size());
  CHECK(client.read_http().body.size() == world.fake().metrics.size());
  CHECK(client.read_http().status == 200);
  client.send(request("GET /healthz"));
  CHECK(client.read_http().status == 200);
}

TEST_CASE("who may not make a call hears so before the body is waited for") {
  World world;
  const std::string_view fields = GENERATE("", "Expect: 100-continue\r\n");
  Client client = world.http();
  // A page in a browser, which may not change anything.
  client.send("PUT /v1/services/web/instances/a HTTP/1.1\r\nHost: test\r\nOrigin: http://evil.example\r\n" +
              std::string(fields) + "Content-Length: 60000\r\n\r\n");
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 403);
  CHECK(answer.fields.at("Connection") == "close");
  CHECK(client.is_at_end());
  CHECK(world.counted(&api::Counters::forbidden) == 1);
}

TEST_CASE("a client that waits to be asked for its body is asked") {
  World world;
  Client client = world.http();
  client.send("POST /v1/heartbeats HTTP/1.1\r\nHost: test\r\nContent-Length: 60\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(R"({"instances":[{"service":"web","id":"i-1"}]})" + std::string(60 - 44, ' '));
  CHECK(client.read_http().status == 200);
}

TEST_CASE("a long list is not made on the loop of those who send heartbeats, and keeps its place in the order") {
  World world;
  const std::size_t count = limits::k_http_list_at_once_max;
  for (std::size_t i = 0; i < count; ++i) world.add("s-" + std::to_string(i), "a");
  for (std::size_t i = 0; i < count; ++i) world.add("long", "i-" + std::to_string(i));
  Client client = world.http();
  client.send(request("GET /v1/services/long"));
  CHECK(client.read_http().status == 200);
  CHECK(world.counted(&api::Counters::lists) == 0);
  world.add("long", "one-more");
  const int index = static_cast<int>(2 * count + 1);
  client.send(request("GET /v1/services") + request("GET /v1/services/long") +
              request("GET /v1/services/long?index=" + std::to_string(index) + "&wait=1ms") +
              request("GET /v1/events?limit=10000") + request("GET /healthz"));
  CHECK(client.read_http().body.starts_with("{\"services\":["));
  for (int i = 0; i < 2; ++i) {
    const HttpAnswer list = client.read_http();
    CHECK(list.body.starts_with("{\"service\":\"long\""));
    CHECK(list.fields.at("X-Rollcall-Index") == std::to_string(index));
  }
  CHECK(client.read_http().body.starts_with("{\"events\":["));
  CHECK(client.read_http().body == R"({"status":"up"})");
  CHECK(world.counted(&api::Counters::lists) == 4);
}

TEST_CASE("a client that has gone when its list is made is forgotten") {
  World world;
  for (std::size_t i = 0; i <= limits::k_http_list_at_once_max; ++i) world.add("long", "i-" + std::to_string(i));
  for (int i = 0; i < 50; ++i) {
    Client client = world.http();
    client.send(request("GET /v1/services/long") + request("GET /v1/services/long"));
  }
  CHECK(is_alive(world));
}

// --- Over TLS ---

class TlsClient {
 public:
  explicit TlsClient(const IpEndpoint& server) {
    namespace ip = boost::asio::ip;
    stream_.next_layer().connect({ip::address_v4::loopback(), server.port});
    stream_.handshake(boost::asio::ssl::stream_base::client);
  }
  void send(const std::string& octets) { boost::asio::write(stream_, boost::asio::buffer(octets)); }
  std::string read_until(std::string_view end) {
    const std::size_t size = boost::asio::read_until(stream_, boost::asio::dynamic_buffer(rest_), std::string(end));
    std::string text = rest_.substr(0, size);
    rest_.erase(0, size);
    return text;
  }
  std::string read_to_end() {
    boost::system::error_code ended;
    boost::asio::read(stream_, boost::asio::dynamic_buffer(rest_), ended);
    return rest_;
  }

 private:
  boost::asio::io_context context_;
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_client};
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_{context_, tls_};
  std::string rest_;
};

TEST_CASE("over TLS, who waits too long for a commit is told so, and what waits is answered") {
  const CertificateDirectory directory;
  World world({.times = {.commit = 1ms}, .certificate = directory.make("https")});
  const IpEndpoint https = *IpEndpoint::parse(world.server().https_listeners().front());
  world.add("web", "a");
  registry::testing::Gate& gate = world.hold_the_journal();
  TlsClient client(https);
  client.send(registration("i-1"));
  gate.wait_until_entered();
  const std::string answer = client.read_to_end();
  CHECK(answer.starts_with("HTTP/1.1 503 "));
  CHECK(answer.find("outcome_unknown") != std::string::npos);
  gate.open();
  TlsClient waiting(https);
  waiting.send(request("GET /v1/services/web?index=2&wait=60s") + request("GET /healthz"));
  world.wait_for_waiters(1);
  world.add("web", "b");
  CHECK(waiting.read_until("]}").starts_with("HTTP/1.1 200 "));
  CHECK(waiting.read_until("\"up\"}").find("HTTP/1.1 200 ") != std::string::npos);
}

TEST_CASE("a batch of heartbeats that the shared store decides is answered when all outcomes are there") {
  World world;
  world.decide();
  for (const char* id : {"a", "b"}) world.add("web", id);
  world.authority().verdict = registry::testing::Verdict::put_first;
  Client client = world.http();
  client.send(
      request("POST /v1/heartbeats",
              R"({"instances":[{"service":"web","id":"a"},{"service":"web","id":"c"},{"service":"web","id":"b"}]})"));
  client.send(request("GET /healthz"));
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"renewed":2,"unknown":[{"service":"web","zone":"svc.internal","id":"c"}]})");
  CHECK(client.read_http().status == 200);
}

TEST_CASE("a heartbeat that the shared store decides is answered by the writer") {
  World world;
  world.decide();
  world.add("web", "a");
  world.authority().verdict = registry::testing::Verdict::put_first;
  Client client = world.http();
  client.send(request("POST /v1/services/web/instances/a/heartbeat"));
  CHECK(client.read_http().body.find(R"("index":2)") != std::string::npos);
  client.send(request("POST /v1/services/web/instances/b/heartbeat"));
  CHECK(client.read_http().status == 404);
}

}  // namespace
}  // namespace rollcall::net
