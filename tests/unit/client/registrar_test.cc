#include "client/registrar.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <poll.h>
#include <span>
#include <string>
#include <vector>

#include "catch.h"
#include "client/base_url.h"
#include "client/registration_json.h"
#include "client/wake_up.h"
#include "unit/client/scripted_server.h"

namespace rollcall::client::registrar_test {
namespace {

using testing::ScriptedServer;
using Answers = std::vector<std::string>;
using Connections = ScriptedServer::Connections;

std::string answer(std::string_view status, std::string_view body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

const std::string k_registered =
    answer("201 Created", R"({"id":"web-1","ttl_ms":15000,"dns":{"instance":"web-1.web.svc.internal"}})");
const std::string k_safe = answer("200 OK", R"({"status":"draining","safe":true,"safe_in_ms":0})");
const std::string k_not_yet = answer("200 OK", R"({"status":"draining","safe":false,"safe_in_ms":3})");
const std::string k_deregistered = "HTTP/1.1 204 No Content\r\n\r\n";

HttpClient open(const std::string& url) {
  HttpSettings settings;
  settings.urls = {url};
  settings.timeout = std::chrono::seconds(60);
  return HttpClient::open(settings).value();
}

// A registrar as the command line has it, with a descriptor that tells of its changes.
class Registered {
 public:
  explicit Registered(const std::string& url, std::function<bool()> probe = {})
      : registrar_({.service = "web",
                    .zone = "",
                    .addresses = {},
                    .body = [](std::span<const std::string> own) { return registration_body(k_settings, own); },
                    .repeats_registration = true,
                    .nodes = {parse_base_url(url).value()},
                    .address_timeout = std::chrono::seconds(60),
                    .probe = std::move(probe),
                    .on_change = [this] { news_.call(); }},
                   open(url)) {}

  Registrar* operator->() { return &registrar_; }
  void drain() { registrar_.drain(std::chrono::steady_clock::now() + std::chrono::seconds(10)); }

  // Waits for news until the state is there; the test's own patience, should it never be.
  bool reaches(bool Registrar::State::* reached) {
    constexpr int k_patience_ms = 20'000;
    while (!(registrar_.state().*reached)) {
      pollfd news = news_.polled();
      if (::poll(&news, 1, k_patience_ms) != 1) return false;
      news_.clear();
    }
    return true;
  }

 private:
  inline static const RegistrationSettings k_settings{.service = "web", .port = 8080};
  WakeUp news_;
  Registrar registrar_;
};

TEST_CASE("an instance is registered, drained until it is safe, and deregistered, in this order") {
  const ScriptedServer server(Connections{Answers{k_registered, k_not_yet, k_registered, k_safe, k_deregistered}});
  Registered registered(server.url());
  REQUIRE(registered.reaches(&Registrar::State::is_in_touch));
  CHECK(registered->state().id == "web-1");
  CHECK(registered->state().name == "web-1.web.svc.internal");
  registered.drain();
  REQUIRE(registered.reaches(&Registrar::State::is_drained));
  CHECK_FALSE(registered->state().is_gone);
  registered->leave();
  REQUIRE(registered.reaches(&Registrar::State::is_gone));
  CHECK_FALSE(registered->state().failure);
  const auto& heads = server.heads();
  REQUIRE(heads.size() == 5);
  CHECK(heads[0].starts_with("POST /v1/heartbeat "));
  // The address towards the registry stands in the body, which is in front of the next head.
  CHECK(heads[1].find(R"("addresses":["127.0.0.1"])") != std::string::npos);
  CHECK(heads[1].find("POST /v1/services/web/instances/web-1/drain?wait=1s ") != std::string::npos);
  CHECK(heads[4].starts_with("DELETE /v1/services/web/instances/web-1 "));
}

TEST_CASE("an instance that is stopping is not registered again when its lease has ended meanwhile") {
  const std::string unknown = answer("404 Not Found", R"({"type":"urn:rollcall:unknown_instance"})");
  const ScriptedServer server(Connections{Answers{k_registered, k_not_yet, unknown, unknown}});
  Registered registered(server.url());
  REQUIRE(registered.reaches(&Registrar::State::has_registered));
  registered.drain();
  REQUIRE(registered.reaches(&Registrar::State::is_drained));
  registered->leave();
  REQUIRE(registered.reaches(&Registrar::State::is_gone));
  CHECK_FALSE(registered->state().failure);
  const auto& heads = server.heads();
  CHECK(heads.at(2).find("POST /v1/services/web/instances/web-1/heartbeat ") != std::string::npos);
  CHECK(std::ranges::count_if(
            heads, [](const std::string& head) { return head.find("POST /v1/heartbeat ") != std::string::npos; }) == 1);
}

TEST_CASE("what its probe does not agree to is not registered, and has nothing to leave") {
  const ScriptedServer server(Connections{});
  Registered registered(server.url(), [] { return false; });
  registered.drain();
  REQUIRE(registered.reaches(&Registrar::State::is_drained));
  registered->leave();
  REQUIRE(registered.reaches(&Registrar::State::is_gone));
  CHECK_FALSE(registered->state().has_registered);
}

TEST_CASE("a registry that refuses is told, and asked again") {
  const ScriptedServer server(Connections{Answers{
      answer("409 Conflict", R"({"type":"urn:rollcall:conflict","detail":"the name is taken"})"), k_registered}});
  Registered registered(server.url());
  REQUIRE(registered.reaches(&Registrar::State::is_in_touch));
  CHECK(server.heads().size() == 2);
}

TEST_CASE("a registrar can be given up while a registry is silent") {
  const ScriptedServer server(Connections{Answers{ScriptedServer::k_silence}});
  Registered registered(server.url());
  REQUIRE(registered.reaches(&Registrar::State::is_well));
}

}  // namespace
}  // namespace rollcall::client::registrar_test
