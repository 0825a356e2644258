#include "client/http_client.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "unit/client/scripted_server.h"

namespace rollcall::client {
namespace {

using std::chrono::milliseconds;
using testing::ScriptedServer;

using Answers = std::vector<std::string>;
using Connections = ScriptedServer::Connections;

const std::string k_ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Rollcall-Index: 7\r\n\r\n{}";

const std::string k_refusal = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 4\r\n\r\nbusy";

HttpClient client_of(std::vector<std::string> urls, milliseconds timeout = milliseconds(5'000)) {
  HttpSettings settings;
  settings.urls = std::move(urls);
  settings.timeout = timeout;
  settings.token = "secret";
  return HttpClient::open(settings).value();
}

std::string failure_of(const ScriptedServer& server, milliseconds timeout = milliseconds(5'000)) {
  HttpClient client = client_of({server.url()}, timeout);
  const auto response = client.call({.target = "/v1/status"});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == Errc::unreachable);
  return response.error().message;
}

// A port where nobody listens.
std::string closed_url() {
  const ScriptedServer server(Connections{});
  return server.url();
}

TEST_CASE("calls share a connection, and carry host, token and body") {
  const ScriptedServer server(Connections{Answers{k_ok, k_ok}});
  HttpClient client = client_of({server.url() + "/base"});
  const auto first = client.call({.target = "/v1/services"});
  REQUIRE(first);
  CHECK(first->status == 200);
  CHECK(first->body == "{}");
  CHECK(first->index == 7);
  REQUIRE(client.call({.method = "PUT", .target = "/v1/x"}));
  REQUIRE(server.heads().size() == 2);
  CHECK(server.heads()[0].starts_with("GET /base/v1/services HTTP/1.1\r\n"));
  CHECK(server.heads()[0].find("Host: " + server.authority() + "\r\n") != std::string::npos);
  CHECK(server.heads()[0].find("Authorization: Bearer secret\r\n") != std::string::npos);
}

TEST_CASE("a kept connection that the server has closed is opened anew") {
  const ScriptedServer server(Connections{Answers{k_ok}, {k_ok}});
  HttpClient client = client_of({server.url()});
  REQUIRE(client.call({.target = "/"}));
  std::this_thread::sleep_for(milliseconds(20));
  REQUIRE(client.call({.target = "/"}));
}

TEST_CASE("an answer may come in chunks, or until the end of the connection") {
  const ScriptedServer server(
      Connections{Answers{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"},
                  {"HTTP/1.1 200 OK\r\n\r\nabc"}});
  HttpClient client = client_of({server.url()});
  CHECK(client.call({.target = "/"})->body == "abc");
  CHECK(client.call({.target = "/"})->body == "abc");
}

TEST_CASE("a server that is not there refuses") {
  const std::string url = closed_url();
  HttpClient client = client_of({url});
  const auto response = client.call({.target = "/"});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == Errc::unreachable);
  CHECK(response.error().message == "cannot connect to " + url.substr(7) + ": connection refused");
}

TEST_CASE("a host that is not there is named") {
  HttpClient client = client_of({"http://nobody.invalid:8500"}, milliseconds(1'000));
  const auto response = client.call({.target = "/"});
  REQUIRE_FALSE(response);
  CHECK(response.error().message.starts_with("cannot connect to nobody.invalid:8500: "));
}

TEST_CASE("a server that says nothing is waited for until the time is over") {
  const ScriptedServer server(Connections{Answers{ScriptedServer::k_silence}});
  CHECK(failure_of(server, milliseconds(200)) == server.authority() + " did not answer within 200ms");
}

TEST_CASE("a server that stops inside its answer is waited for until the time is over") {
  const ScriptedServer server(
      Connections{Answers{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", ScriptedServer::k_silence}});
  CHECK(failure_of(server, milliseconds(200)) == server.authority() + " did not answer within 200ms");
}

TEST_CASE("a server that closes at once has not answered") {
  const ScriptedServer server(Connections{Answers{""}});
  CHECK(failure_of(server) == server.authority() + " closed the connection without an answer");
}

TEST_CASE("a server that closes inside its answer has not ended it") {
  const ScriptedServer server(Connections{Answers{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}});
  CHECK(failure_of(server) == server.authority() + " closed the connection inside an answer");
}

TEST_CASE("a server that answers with an alert of TLS speaks TLS") {
  const ScriptedServer server(Connections{Answers{std::string("\x15\x03\x01\x00\x02\x02\x46", 7)}});
  CHECK(failure_of(server) == server.authority() + " speaks TLS: write https:// instead of http://");
}

TEST_CASE("a server of another protocol does not speak HTTP") {
  const ScriptedServer server(Connections{Answers{"220 mail.example ESMTP\r\n"}});
  CHECK(failure_of(server) == server.authority() + " does not speak HTTP");
}

TEST_CASE("a server without TLS is told from one that is away") {
  const ScriptedServer server(Connections{Answers{ScriptedServer::k_silence}});
  HttpClient client = client_of({"https://" + server.authority()}, milliseconds(200));
  const auto response = client.call({.target = "/"});
  REQUIRE_FALSE(response);
  CHECK(response.error().message == "cannot connect to " + server.authority() + ": timed out after 200ms");
}

TEST_CASE("when one registry is away the next is asked, and stays the first") {
  const ScriptedServer server(Connections{Answers{k_ok, k_ok}});
  HttpClient client = client_of({closed_url(), server.url()});
  REQUIRE(client.call({.target = "/1"}));
  REQUIRE(client.call({.target = "/2"}));
  CHECK(server.heads().size() == 2);
}

TEST_CASE("a node that breaks off before its answer is followed by the next, within the same call") {
  const ScriptedServer bad(Connections{Answers{""}});
  const ScriptedServer good(Connections{Answers{k_ok, k_ok}});
  HttpClient client = client_of({bad.url(), good.url()});
  CHECK(client.call({.method = "POST", .target = "/1"})->status == 200);
  CHECK(client.call({.method = "POST", .target = "/2"})->status == 200);
  CHECK(bad.heads().size() == 1);
  CHECK(good.heads().size() == 2);
}

TEST_CASE("a node that answers 503 is followed by the next, which stays the first") {
  const ScriptedServer refusing(Connections{Answers{k_refusal}});
  const ScriptedServer good(Connections{Answers{k_ok, k_ok}});
  HttpClient client = client_of({refusing.url(), good.url()});
  CHECK(client.call({.method = "POST", .target = "/1"})->body == "{}");
  CHECK(client.call({.method = "POST", .target = "/2"})->body == "{}");
  CHECK(refusing.heads().size() == 1);
}

TEST_CASE("a silent node has a part of the time, and the next the rest") {
  const ScriptedServer silent(Connections{Answers{ScriptedServer::k_silence}});
  const ScriptedServer good(Connections{Answers{k_ok}});
  HttpClient client = client_of({silent.url(), good.url()}, milliseconds(1'000));
  CHECK(client.call({.target = "/"})->status == 200);
}

TEST_CASE("when every node refuses, the last 503 is the answer") {
  const ScriptedServer refusing(Connections{Answers{k_refusal}, {k_refusal}});
  HttpClient client = client_of({closed_url(), refusing.url()});
  const auto first = client.call({.target = "/"});
  REQUIRE(first);
  CHECK(first->status == 503);
  CHECK(first->body == "busy");
  CHECK(first->retry_after == std::chrono::seconds(2));
  CHECK(client.call({.target = "/"})->status == 503);
}

TEST_CASE("when no node can be reached, each is named") {
  const std::string one = closed_url();
  const std::string two = closed_url();
  HttpClient client = client_of({one, two});
  const auto response = client.call({.target = "/"});
  REQUIRE_FALSE(response);
  CHECK(response.error().message == "cannot connect to " + one.substr(7) + ": connection refused; cannot connect to " +
                                        two.substr(7) + ": connection refused");
}

TEST_CASE("a registry of one node answers 503 itself") {
  const ScriptedServer refusing(Connections{Answers{k_refusal}});
  HttpClient client = client_of({refusing.url()});
  CHECK(client.call({.target = "/"})->body == "busy");
  CHECK(refusing.heads().size() == 1);
}

TEST_CASE("a stream begins at a node that does not refuse it") {
  const ScriptedServer refusing(Connections{Answers{k_refusal}});
  const ScriptedServer good(Connections{Answers{"HTTP/1.1 200 OK\r\n\r\ndata: a\n\n"}});
  HttpClient client = client_of({refusing.url(), good.url()});
  std::string seen;
  REQUIRE(client.stream({.target = "/"}, milliseconds(5'000), [&](const auto& event) {
    seen += event.data;
    return true;
  }));
  CHECK(seen == "a");
}

TEST_CASE("events are told as they come, and the end of the stream is no failure") {
  const ScriptedServer server(
      {{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: 1\ndata: a\n\ndata: b\n\n"}});
  HttpClient client = client_of({server.url()});
  std::string seen;
  const auto ended =
      client.stream({.target = "/v1/watch", .last_event_id = "41"}, milliseconds(5'000), [&](const auto& event) {
        seen += event.data;
        return true;
      });
  REQUIRE(ended);
  CHECK(ended->status == 200);
  CHECK(seen == "ab");
  CHECK(server.heads()[0].find("Last-Event-ID: 41\r\n") != std::string::npos);
}

TEST_CASE("a stream in which nothing comes is over after its patience") {
  const ScriptedServer server(Connections{Answers{"HTTP/1.1 200 OK\r\n\r\ndata: a\n\n", ScriptedServer::k_silence}});
  HttpClient client = client_of({server.url()});
  const auto ended = client.stream({.target = "/"}, milliseconds(200), [](const auto&) { return true; });
  REQUIRE_FALSE(ended);
  CHECK(ended.error().message == server.authority() + " did not answer within 200ms");
}

TEST_CASE("what is asked for as a stream and refused is an answer") {
  const ScriptedServer server(Connections{Answers{"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"}});
  HttpClient client = client_of({server.url()});
  const auto answer = client.stream({.target = "/"}, milliseconds(200), [](const auto&) { return true; });
  REQUIRE(answer);
  CHECK(answer->status == 404);
  CHECK(answer->body == "{}");
}

TEST_CASE("a call under way can be stopped from another thread") {
  const ScriptedServer server(Connections{Answers{ScriptedServer::k_silence}});
  HttpClient client = client_of({server.url()}, milliseconds(60'000));
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(50));
    client.stop();
  });
  const auto response = client.call({.target = "/"});
  stopper.join();
  REQUIRE_FALSE(response);
  CHECK(response.error().message == "stopped");
  CHECK_FALSE(client.call({.target = "/"}));
}

TEST_CASE("a file that cannot be used is named before anybody is asked") {
  HttpSettings settings;
  settings.ca_file = "/nonexistent/ca.pem";
  const auto client = HttpClient::open(settings);
  REQUIRE_FALSE(client);
  CHECK(client.error().message.starts_with("cannot use the CA file /nonexistent/ca.pem: "));
}

}  // namespace
}  // namespace rollcall::client
