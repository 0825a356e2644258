#include "tools/rollcall/enrolment.h"

#include <algorithm>
#include <fmt/format.h>
#include <poll.h>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/client/scripted_server.h"

namespace rollcall::cli {
namespace {

using client::testing::ScriptedServer;
using Answers = std::vector<std::string>;
using Connections = ScriptedServer::Connections;

std::string answer(std::string_view status, std::string_view body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

const std::string k_registered = answer("201 Created", R"({"id":"web-1","dns":{"instance":"web-1.web.svc.internal"}})");
const std::string k_safe = answer("200 OK", R"({"status":"draining","safe":true,"safe_in_ms":0})");
const std::string k_not_yet = answer("200 OK", R"({"status":"draining","safe":false,"safe_in_ms":3})");
const std::string k_deregistered = "HTTP/1.1 204 No Content\r\n\r\n";

EnrolmentSettings settings_for(const std::string& url) {
  EnrolmentSettings settings;
  settings.http.urls = {url};
  settings.http.timeout = std::chrono::seconds(60);
  settings.registration = {{"service", "web"}, {"port", 8080}};
  return settings;
}

client::HttpClient client_for(const EnrolmentSettings& settings) {
  return client::HttpClient::open(settings.http).value();
}

// Waits for news until the enrolment is there; the test's own patience, should it never be.
bool reaches(const Enrolment& enrolment, bool Enrolment::At::* reached) {
  constexpr int k_patience_ms = 20'000;
  while (!(enrolment.at().*reached)) {
    pollfd news{enrolment.changed_fd(), POLLIN, 0};
    if (::poll(&news, 1, k_patience_ms) != 1) return false;
    enrolment.clear_changed();
  }
  return true;
}

TEST_CASE("an instance is registered, drained until it is safe, and deregistered, in this order") {
  const ScriptedServer server(Connections{Answers{k_registered, k_not_yet, k_registered, k_safe, k_deregistered}});
  const EnrolmentSettings settings = settings_for(server.url());
  Enrolment enrolment(settings, client_for(settings));
  REQUIRE(reaches(enrolment, &Enrolment::At::is_in_touch));
  CHECK(enrolment.at().id == "web-1");
  CHECK(enrolment.at().name == "web-1.web.svc.internal");
  enrolment.want(Enrolment::Wanted::drained);
  REQUIRE(reaches(enrolment, &Enrolment::At::is_drained));
  CHECK_FALSE(enrolment.at().is_gone);
  enrolment.want(Enrolment::Wanted::gone);
  REQUIRE(reaches(enrolment, &Enrolment::At::is_gone));
  CHECK_FALSE(enrolment.at().failure);
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
  const EnrolmentSettings settings = settings_for(server.url());
  Enrolment enrolment(settings, client_for(settings));
  REQUIRE(reaches(enrolment, &Enrolment::At::has_registered));
  enrolment.want(Enrolment::Wanted::drained);
  REQUIRE(reaches(enrolment, &Enrolment::At::is_drained));
  enrolment.want(Enrolment::Wanted::gone);
  REQUIRE(reaches(enrolment, &Enrolment::At::is_gone));
  CHECK_FALSE(enrolment.at().failure);
  const auto& heads = server.heads();
  CHECK(heads.at(2).find("POST /v1/services/web/instances/web-1/heartbeat ") != std::string::npos);
  CHECK(std::ranges::count_if(
            heads, [](const std::string& head) { return head.find("POST /v1/heartbeat ") != std::string::npos; }) == 1);
}

TEST_CASE("what its probe does not agree to is not registered, and has nothing to leave") {
  const ScriptedServer server(Connections{});
  EnrolmentSettings settings = settings_for(server.url());
  settings.probe = [] { return false; };
  client::HttpClient client = client_for(settings);
  Enrolment enrolment(std::move(settings), std::move(client));
  enrolment.want(Enrolment::Wanted::drained);
  REQUIRE(reaches(enrolment, &Enrolment::At::is_drained));
  enrolment.want(Enrolment::Wanted::gone);
  REQUIRE(reaches(enrolment, &Enrolment::At::is_gone));
  CHECK_FALSE(enrolment.at().has_registered);
}

TEST_CASE("a registry that refuses is told, and asked again") {
  const ScriptedServer server(Connections{Answers{
      answer("409 Conflict", R"({"type":"urn:rollcall:conflict","detail":"the name is taken"})"), k_registered}});
  const EnrolmentSettings settings = settings_for(server.url());
  Enrolment enrolment(settings, client_for(settings));
  REQUIRE(reaches(enrolment, &Enrolment::At::is_in_touch));
  CHECK(server.heads().size() == 2);
}

TEST_CASE("an enrolment can be given up while a registry is silent") {
  const ScriptedServer server(Connections{Answers{ScriptedServer::k_silence}});
  const EnrolmentSettings settings = settings_for(server.url());
  const Enrolment enrolment(settings, client_for(settings));
  REQUIRE(reaches(enrolment, &Enrolment::At::is_well));
}

}  // namespace
}  // namespace rollcall::cli
