#include "rollcall/registration.h"

#include <atomic>
#include <stdexcept>
#include <thread>

#include "catch.h"
#include "unit/client/scripted_server.h"
#include "unit/client/within.h"

namespace rollcall::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::ScriptedServer;

std::string answer(const std::string& status, const std::string& body, const std::string& fields = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body;
}
const std::string k_registered = answer("201 Created", R"({"id":"web 1","ttl_ms":600})");
const std::string k_renewed = answer("200 OK", R"({"id":"web 1","ttl_ms":600})");
const std::string k_another = answer("200 OK", R"({"id":"web 2","ttl_ms":600})");
const std::string k_unknown =
    answer("404 Not Found", R"({"type":"urn:rollcall:unknown_instance","detail":"register again","status":404})");
const std::string k_busy = answer("503 Service Unavailable", R"({"detail":"the store is busy","status":503})");
const std::string k_deregistered = "HTTP/1.1 204 No Content\r\n\r\n";
const std::string k_safe = answer("200 OK", R"({"status":"draining","safe":true,"safe_in_ms":0})");

RegistrationSettings settings(std::vector<std::string> registries) {
  return {.service = "web",
          .port = 8080,
          .addresses = {"192.0.2.1"},
          .registries = std::move(registries),
          .request_timeout = 1s,
          .drains = false};
}

// The requests in their order, each with the body of the one before in front: the server reads heads.
bool has(const ScriptedServer& server, std::size_t at, const std::string& text) {
  return at < server.heads().size() && server.heads()[at].find(text) != std::string::npos;
}

TEST_CASE("an instance registers, renews, registers again when it is unknown, and leaves") {
  std::vector<std::string> answers{k_registered, k_renewed, k_unknown};
  answers.resize(50, k_another);
  ScriptedServer server({answers});
  {
    Registration registration(settings({server.url()}));
    CHECK(registration.wait_until_registered(5s));
    CHECK(within(10s, [&] { return registration.state().registries.at(0).id == "web 2"; }));
    CHECK(registration.stop(5s));
    CHECK(registration.stop(5s));
  }
  REQUIRE(server.heads().size() >= 5);
  CHECK(has(server, 0, "POST /v1/heartbeat HTTP/1.1"));
  CHECK(has(server, 1, "POST /v1/services/web/instances/web%201/heartbeat HTTP/1.1"));
  CHECK(has(server, 3, "POST /v1/heartbeat HTTP/1.1"));
  CHECK(has(server, server.heads().size() - 1, "DELETE /v1/services/web/instances/web%202 HTTP/1.1"));
}

TEST_CASE("an error is told in a sentence, and the next try comes") {
  ScriptedServer server({{k_busy, k_registered, k_deregistered}});
  Registration registration(settings({server.url()}));
  CHECK(within(5s, [&] { return registration.state().registries.at(0).message == "the store is busy"; }));
  CHECK_FALSE(registration.state().is_in_touch);
  CHECK(registration.wait_until_registered(5s));
  CHECK(registration.state().registries.at(0).message.empty());
}

TEST_CASE("with several registries one that answers is enough") {
  ScriptedServer away(ScriptedServer::Connections(1));
  ScriptedServer server({{k_registered, k_deregistered}});
  Registration registration(settings({away.url(), server.url()}));
  CHECK(registration.wait_until_registered(5s));
  const Registration::State state = registration.state();
  CHECK(state.is_in_touch);
  REQUIRE(state.registries.size() == 2);
  CHECK_FALSE(state.registries[0].is_registered);
  CHECK(state.registries[1].is_registered);
}

TEST_CASE("nodes of one registry are one registry: one of them is told, and the one that answers is kept") {
  ScriptedServer refusing({{k_busy}});
  ScriptedServer server({{k_registered, k_renewed, k_deregistered}});
  const std::string urls = refusing.url() + ", " + server.url();
  {
    Registration registration(settings({urls}));
    CHECK(registration.wait_until_registered(5s));
    const Registration::State state = registration.state();
    REQUIRE(state.registries.size() == 1);
    CHECK(state.registries[0].url == urls);
    CHECK(state.registries[0].is_registered);
    CHECK(registration.stop(5s));
  }
  CHECK(refusing.heads().size() == 1);
  CHECK(has(server, 0, "POST /v1/heartbeat HTTP/1.1"));
}

TEST_CASE("a silent node of several costs a heartbeat no more than a part of its interval") {
  ScriptedServer first({{k_registered, ScriptedServer::k_silence}});
  ScriptedServer second({{k_renewed, k_renewed, k_renewed, k_deregistered}});
  {
    Registration registration(settings({first.url() + "," + second.url()}));
    CHECK(registration.wait_until_registered(5s));
    CHECK(within(5s, [&] { return second.is_asked(); }));
    CHECK(registration.state().is_in_touch);
  }
  CHECK(has(second, 0, "POST /v1/services/web/instances/web%201/heartbeat HTTP/1.1"));
}

TEST_CASE("who leaves drains first, then deregisters") {
  ScriptedServer server({{k_registered, k_safe, k_deregistered}});
  RegistrationSettings draining = settings({server.url()});
  draining.drains = true;
  {
    Registration registration(draining);
    CHECK(registration.wait_until_registered(5s));
    CHECK(registration.stop(5s));
  }
  CHECK(has(server, 1, "POST /v1/services/web/instances/web%201/drain?wait="));
  CHECK(has(server, 2, "DELETE /v1/services/web/instances/web%201 HTTP/1.1"));
}

TEST_CASE("a registry that is silent delays the end no longer than it may") {
  ScriptedServer server({{k_registered, ScriptedServer::k_silence}});
  Registration registration(settings({server.url()}));
  REQUIRE(registration.wait_until_registered(5s));
  const auto begin = steady_clock::now();
  CHECK_FALSE(registration.stop(200ms));
  CHECK(steady_clock::now() - begin < 900ms);
}

TEST_CASE("out of touch for longer than the lease is told, and the way back, too") {
  ScriptedServer server({{k_registered, k_busy, k_busy, k_busy, k_busy, k_renewed, k_renewed, k_renewed, k_renewed}});
  std::atomic<int> lost = 0;
  std::atomic<int> found = 0;
  RegistrationSettings watched = settings({server.url()});
  watched.on_touch = [&](bool is_in_touch) { ++(is_in_touch ? found : lost); };
  Registration registration(watched);
  CHECK(within(5s, [&] { return lost == 1; }));
  CHECK(within(5s, [&] { return found == 1; }));
}

TEST_CASE("what is no registry is not taken for one") {
  ScriptedServer server({{answer("200 OK", "<html>it works</html>"), k_registered, k_deregistered}});
  Registration registration(settings({server.url()}));
  CHECK(within(5s, [&] {
    return registration.state().registries.at(0).message == server.authority() + " answers as no registry does";
  }));
}

TEST_CASE("settings of a registration that cannot be are refused with a sentence") {
  const auto refused = [](RegistrationSettings wrong) {
    try {
      const Registration registration(std::move(wrong));
      return std::string("accepted");
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
  };
  CHECK(refused({.port = 80}) == "rollcall::Registration: service is missing");
  CHECK(refused({.service = "web"}) == "rollcall::Registration: port is missing");
  CHECK(refused({.service = "web", .port = 80, .lease = 999ms}) == "rollcall::Registration: lease must be 1s at least");
  CHECK(refused({.service = "web", .port = 80, .lease = 25h}) == "rollcall::Registration: lease must be 24h at most");
  CHECK(refused({.service = "web", .port = 80, .addresses = {"web-1"}}) ==
        "rollcall::Registration: addresses: \"web-1\" is no IPv4 or IPv6 address");
  CHECK(refused({.service = "web", .port = 80, .registries = {"ftp://a"}}).starts_with("rollcall::Registration: "));
  CHECK(refused({.service = "web", .port = 80, .registries = std::vector<std::string>(17, "http://127.0.0.1")}) ==
        "rollcall::Registration: more than 16 registries");
  std::string nodes = "http://127.0.0.1";
  for (int i = 0; i < 16; ++i) nodes += ",http://127.0.0.1";
  CHECK(refused({.service = "web", .port = 80, .registries = {nodes}}) ==
        "rollcall::Registration: more than 16 nodes of one registry");
  CHECK(refused({.service = "web", .port = 80, .registries = {"http://127.0.0.1,"}})
            .starts_with("rollcall::Registration: \"\" is not the address of a registry"));
  CHECK(refused({.service = "web", .port = 80, .registries = {"https://127.0.0.1"}, .ca_file = "/nowhere/ca.pem"})
            .starts_with("rollcall::Registration: cannot use the CA file /nowhere/ca.pem"));
}

}  // namespace
}  // namespace rollcall::client
