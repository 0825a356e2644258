#include "tools/rollcall/campaign.h"

#include <atomic>
#include <csignal>

#include "catch.h"
#include "unit/client/scripted_server.h"

namespace rollcall::cli {
namespace {

using client::testing::ScriptedServer;
using std::chrono::microseconds;

const std::string k_ok = "HTTP/1.1 204 No Content\r\n\r\n";

client::HttpSettings at(const ScriptedServer& server) {
  client::HttpSettings settings;
  settings.urls = {server.url()};
  return settings;
}

Campaign campaign(std::size_t calls, std::size_t connections) {
  Campaign made;
  made.calls = calls;
  made.connections = connections;
  made.make = [](std::size_t number) {
    client::HttpRequest request;
    request.target = "/" + std::to_string(number);
    return request;
  };
  made.told = [](std::size_t, const Result<client::HttpResponse>&, microseconds) {};
  return made;
}

TEST_CASE("every call is made and told once") {
  Signals signals({SIGUSR1});  // before any thread
  const ScriptedServer server({std::vector<std::string>(10, k_ok)});
  std::vector<std::size_t> told;
  Campaign ten = campaign(10, 1);
  ten.told = [&](std::size_t number, const Result<client::HttpResponse>& response, microseconds) {
    CHECK(response->status == 204);
    told.push_back(number);
  };
  const Result<Ended> ended = run_campaign(ten, at(server), signals);
  REQUIRE(ended);
  CHECK(!ended->is_interrupted);
  CHECK(told == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("a signal ends a campaign, and breaks off what is under way") {
  Signals signals({SIGUSR1});  // before any thread
  const ScriptedServer server({{k_ok, ScriptedServer::k_silence}, {ScriptedServer::k_silence}});
  std::atomic<std::size_t> told = 0;
  Campaign many = campaign(1000, 2);
  many.told = [&](std::size_t, const Result<client::HttpResponse>&, microseconds) {
    ++told;
    ::kill(::getpid(), SIGUSR1);
  };
  const auto began = std::chrono::steady_clock::now();
  const Result<Ended> ended = run_campaign(many, at(server), signals);
  REQUIRE(ended);
  CHECK(ended->is_interrupted);
  CHECK(told == 1);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(4));
}

TEST_CASE("without a registry a campaign ends with the first failure, or tells each") {
  Signals signals({SIGUSR1});  // before any thread
  client::HttpSettings settings;
  settings.urls = {"http://127.0.0.1:1"};
  std::size_t told = 0;
  Campaign some = campaign(3, 3);
  some.told = [&](std::size_t, const Result<client::HttpResponse>& response, microseconds) {
    CHECK(response.error().code == Errc::unreachable);
    ++told;
  };
  CHECK(run_campaign(some, settings, signals).error().code == Errc::unreachable);
  CHECK(told == 0);
  some.outlives_failures = true;
  CHECK(run_campaign(some, settings, signals));
  CHECK(told == 3);
}

TEST_CASE("with a rate calls are made when they are due") {
  Signals signals({SIGUSR1});  // before any thread
  const ScriptedServer server({std::vector<std::string>(5, k_ok)});
  Campaign paced = campaign(5, 1);
  paced.per_second = 50;
  const Result<Ended> ended = run_campaign(paced, at(server), signals);
  REQUIRE(ended);
  CHECK(ended->took >= std::chrono::milliseconds(80));
}

TEST_CASE("a progress bar says how much is done, and fits its terminal") {
  CHECK(progress_text("registering", 0, 10, 80) == "registering [                              ]   0 %  0 of 10");
  CHECK(progress_text("registering", 5, 10, 80) == "registering [###############               ]  50 %  5 of 10");
  CHECK(progress_text("registering", 10, 10, 80) == "registering [##############################] 100 %  10 of 10");
  CHECK(progress_text("x", 5, 10, 40) == "x [#####     ]  50 %  5 of 10");
  CHECK(progress_text("x", 5, 10, 10).size() == 9);
  CHECK(progress_text("nothing", 0, 0, 80).contains("100 %"));
}

}  // namespace
}  // namespace rollcall::cli
