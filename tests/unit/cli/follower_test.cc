#include "tools/rollcall/follower.h"

#include "catch.h"
#include "tools/rollcall/wait_readable.h"
#include "unit/client/scripted_server.h"

namespace rollcall::cli {
namespace {

using client::testing::ScriptedServer;

const std::string k_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

std::string told(int id, const std::string& kind, const std::string& instance) {
  return "id: " + std::to_string(id) + "\nevent: " + kind + "\ndata: {\"service\":\"web\",\"id\":\"" + instance +
         "\",\"cause\":\"" + kind + "\"}\n\n";
}

std::unique_ptr<Follower> follow(const ScriptedServer& server) {
  client::HttpSettings settings;
  settings.urls = {server.url()};
  Result<std::unique_ptr<Follower>> follower = Follower::start(settings, "", "", Follower::NoZone::is_all);
  REQUIRE(follower);
  return std::move(*follower);
}

// All that is new until `is_enough`, as one; ten seconds at most.
template <class IsEnough>
News gather(Follower& follower, IsEnough is_enough) {
  News all;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is_enough(all) && std::chrono::steady_clock::now() < until) {
    wait_readable({follower.descriptor()}, until);
    News news = follower.take();
    all.events.insert(all.events.end(), news.events.begin(), news.events.end());
    all.is_everything_new |= news.is_everything_new;
    all.has_come_up |= news.has_come_up;
    if (news.is_away) all.is_away = news.is_away;
  }
  return all;
}

TEST_CASE("a follower hears events, and after a break goes on behind the last one") {
  ScriptedServer server({{k_head + "id: 6\n\n" + told(7, "registered", "a")}, {k_head + told(8, "expired", "a")}, {}});
  News news;
  {
    const auto follower = follow(server);
    news = gather(*follower, [](const News& all) { return all.events.size() >= 2; });
  }
  REQUIRE(news.events.size() == 2);
  CHECK(news.events[0].kind == "registered");
  CHECK(news.events[1].kind == "expired");
  CHECK(news.events[1].id == "a");
  CHECK(news.is_everything_new);  // at the beginning
  CHECK(news.has_come_up);
  CHECK(!server.heads().at(0).contains("Last-Event-ID"));
  CHECK(server.heads().at(1).contains("Last-Event-ID: 7\r\n"));
}

TEST_CASE("a follower says once that the registry is away, and what a gap means") {
  const std::string refused =
      "HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nContent-Length: 73\r\n\r\n"
      R"({"type":"urn:rollcall:forbidden","status":403,"detail":"you may not here"})";
  ScriptedServer server({{refused}, {refused}, {k_head + "id: 89\nevent: gap\ndata: {\"from\":8,\"to\":89}\n\n"}, {}});
  const auto follower = follow(server);
  const News away = gather(*follower, [](const News& all) { return all.is_away.has_value(); });
  REQUIRE(away.is_away);
  CHECK(away.events.empty());
  const News up = gather(*follower, [](const News& all) { return all.is_everything_new; });
  CHECK(up.has_come_up);
  CHECK(up.is_everything_new);
  CHECK(up.events.empty());
}

TEST_CASE("a follower ends at once, also while nothing comes") {
  ScriptedServer server({{ScriptedServer::k_silence}});
  const auto began = std::chrono::steady_clock::now();
  {
    const auto follower = follow(server);
  }
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
}

}  // namespace
}  // namespace rollcall::cli
