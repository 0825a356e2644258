#include "rollcall/resolver.h"

#include <atomic>
#include <latch>
#include <set>
#include <thread>

#include "catch.h"
#include "unit/client/scripted_name_server.h"
#include "unit/client/within.h"

namespace rollcall::client {
namespace {

using namespace std::chrono_literals;
using dns::Rcode;
using dns::Type;
using std::chrono::steady_clock;

const Line k_minute_soa{"svc.internal.", 60, Type::soa, "ns.svc.internal. hostmaster.svc.internal. 1 10 5 3600 60"};

Reply instances(int count, std::uint32_t ttl, bool has_addresses = true) {
  Reply reply;
  for (int i = 1; i <= count; ++i) {
    const std::string target = "i-" + std::to_string(i) + "." + k_web;
    reply.answer.push_back({k_web, ttl, Type::srv, "1 1 " + std::to_string(8000 + i) + " " + target});
    if (has_addresses) reply.additional.push_back({target, ttl, Type::a, "192.0.2." + std::to_string(i)});
  }
  return reply;
}

ResolverSettings asking(const std::vector<std::string>& servers) {
  return {.servers = servers, .try_timeout = 200ms, .tries = 1, .patience = 50ms};
}

TEST_CASE("a service's endpoints are found, and remembered for their TTL") {
  ScriptedNameServer server;
  server.set(k_web, Type::srv, instances(3, 60));
  Resolver resolver(asking({server.address()}));
  for (const char* name : {"web", "WEB.svc.internal", "web.svc.internal."}) {
    const Resolution found = resolver.resolve(name);
    REQUIRE(found);
    CHECK(found.endpoints.size() == 3);
    CHECK_FALSE(found.is_stale);
  }
  CHECK(server.questions() == 1);
  const Choice choice = resolver.pick("web");
  REQUIRE(choice);
  CHECK(choice.endpoint.address().starts_with("192.0.2."));
  CHECK(choice.endpoint.port > 8000);
}

TEST_CASE("the asynchronous ways find the same") {
  ScriptedNameServer server;
  server.set(k_web, Type::srv, instances(2, 60));
  Resolver resolver(asking({server.address()}));
  CHECK(resolver.resolve_async("web").get().endpoints.size() == 2);
  std::promise<Choice> chosen;
  resolver.pick("web", {.policy = Policy::round_robin}, [&](Choice choice) { chosen.set_value(std::move(choice)); });
  CHECK(chosen.get_future().get().status == Status::found);
  CHECK(resolver.resolve_async("no such name").get().status == Status::unknown_name);
}

TEST_CASE("callers at the same time share one question") {
  ScriptedNameServer server;
  server.set(k_web, Type::srv, instances(1, 60));
  Resolver resolver(asking({server.address()}));
  std::vector<std::future<Resolution>> waiting;
  for (int i = 0; i < 50; ++i) waiting.push_back(resolver.resolve_async("web"));
  for (auto& each : waiting) CHECK(each.get().status == Status::found);
  CHECK(server.questions() == 1);
}

TEST_CASE("nobody there, and no such name, are answers of their own") {
  ScriptedNameServer server;
  server.set("empty.svc.internal.", Type::srv, {.authority = {k_minute_soa}});
  Resolver resolver(asking({server.address()}));
  CHECK(resolver.resolve("empty").status == Status::no_endpoints);
  CHECK(resolver.resolve("empty").message == "empty.svc.internal has no endpoint at the moment");
  CHECK(resolver.pick("nothing").status == Status::unknown_name);
  CHECK(resolver.pick("nothing").message == "there is no name nothing.svc.internal");
}

TEST_CASE("addresses that are missing are asked for, by name when they are few, over TCP when they are many") {
  ScriptedNameServer server;
  SECTION("few") {
    server.set(k_web, Type::srv, instances(2, 60, false));
    server.set("i-1." + k_web, Type::a, {.answer = {{"i-1." + k_web, 60, Type::a, "192.0.2.1"}}});
    server.set("i-1." + k_web, Type::aaaa, {.answer = {{"i-1." + k_web, 60, Type::aaaa, "2001:db8::1"}}});
    Resolver resolver(asking({server.address()}));
    const Resolution found = resolver.resolve("web");
    REQUIRE(found.endpoints.size() == 1);  // the other has none
    CHECK(std::set(found.endpoints[0].addresses.begin(), found.endpoints[0].addresses.end()) ==
          std::set<std::string>{"192.0.2.1", "2001:db8::1"});
    CHECK(server.questions_over_tcp() == 0);
  }
  SECTION("many") {
    server.set(k_web, Type::srv, instances(10, 60, false));
    server.set_over_tcp(k_web, Type::srv, instances(10, 60));
    Resolver resolver(asking({server.address()}));
    CHECK(resolver.resolve("web").endpoints.size() == 10);
    CHECK(server.questions() == 2);
  }
}

TEST_CASE("a truncated answer is asked for again over TCP") {
  ScriptedNameServer server;
  Reply cut = instances(1, 60);
  cut.is_truncated = true;
  server.set(k_web, Type::srv, cut);
  server.set_over_tcp(k_web, Type::srv, instances(40, 60));
  Resolver resolver(asking({server.address()}));
  CHECK(resolver.resolve("web").endpoints.size() == 40);
}

TEST_CASE("a server that fails is followed by the next, and the one that answers is asked first from then on") {
  ScriptedNameServer broken;
  ScriptedNameServer silent;
  ScriptedNameServer good;
  broken.set(k_web, Type::srv, {.rcode = Rcode::servfail});
  broken.set("shop.svc.internal.", Type::srv, {.rcode = Rcode::refused});
  silent.set_silent(true);
  good.set(k_web, Type::srv, instances(1, 60));
  Resolver resolver(asking({broken.address(), silent.address(), good.address()}));
  CHECK(resolver.resolve("web").status == Status::found);
  CHECK(resolver.resolve("shop").status == Status::unknown_name);
  CHECK(broken.questions() == 1);
  CHECK(silent.questions() == 1);
}

TEST_CASE(
    "with no server that answers and no last good answer, the status says so, and the sentence names the server") {
  ScriptedNameServer silent;
  silent.set_silent(true);
  Resolver resolver(asking({silent.address()}));
  const Resolution none = resolver.resolve("web");
  CHECK(none.status == Status::unreachable);
  CHECK(none.message ==
        "web.svc.internal cannot be looked up: the name server " + silent.address() + " does not answer in time");
}

TEST_CASE(
    "while the servers are away the last good answer goes on, and what fails is set aside; they come back, and so "
    "does the truth") {
  ScriptedNameServer server;
  server.set(k_web, Type::srv, instances(3, 0));
  Resolver resolver(asking({server.address()}));
  REQUIRE(resolver.resolve("web").endpoints.size() == 3);
  server.set_silent(true);
  const auto begin = steady_clock::now();
  const Choice choice = resolver.pick("web");
  REQUIRE(choice);
  CHECK(choice.is_stale);
  CHECK(steady_clock::now() - begin < 1s);  // patience, not the whole time-out
  resolver.report_failure("web", choice.endpoint);
  for (int i = 0; i < 20; ++i) {
    const Choice other = resolver.pick("web");
    REQUIRE(other);
    CHECK(other.endpoint.target != choice.endpoint.target);
  }
  server.set(k_web, Type::srv, instances(5, 60));
  server.set_silent(false);
  CHECK(within(2s, [&] {
    const Resolution now = resolver.resolve("web");
    return !now.is_stale && now.endpoints.size() == 5;
  }));
}

TEST_CASE("a name in use is asked for again before its answer ends, so nobody waits") {
  ScriptedNameServer server;
  server.set(k_web, Type::srv, instances(1, 1));
  Resolver resolver(asking({server.address()}));
  REQUIRE(resolver.resolve("web"));
  CHECK(within(3s, [&] {
    CHECK(resolver.resolve("web").age < 1s);
    return server.questions() >= 3;
  }));
}

TEST_CASE("fail-over in one call: each endpoint once, until one is good") {
  ScriptedNameServer server;
  server.set(k_web, Type::srv, instances(4, 60));
  Resolver resolver(asking({server.address()}));
  std::set<std::string> tried;
  const Choice used = resolver.attempt("web", [&](const Endpoint& endpoint) {
    CHECK(tried.insert(endpoint.target).second);
    return tried.size() == 3;
  });
  CHECK(used);
  CHECK(tried.contains(used.endpoint.target));
  int calls = 0;
  const Choice none = resolver.attempt("web", [&](const Endpoint&) { return ++calls, false; }, {}, 10);
  CHECK(none.status == Status::all_failed);
  CHECK(calls == 4);
  CHECK(none.message.starts_with("web: 4 tried, the last 192.0.2."));
}

TEST_CASE("a callback may ask on, and gets what is known") {
  ScriptedNameServer server;
  server.set(k_web, Type::srv, instances(1, 60));
  Resolver resolver(asking({server.address()}));
  std::promise<std::pair<Status, Status>> seen;
  resolver.resolve("web",
                   [&](Resolution) { seen.set_value({resolver.pick("web").status, resolver.pick("shop").status}); });
  CHECK(seen.get_future().get() == std::pair(Status::found, Status::unreachable));
}

TEST_CASE("who waits when the resolver ends is called back") {
  ScriptedNameServer silent;
  silent.set_silent(true);
  std::promise<Status> seen;
  {
    Resolver resolver(asking({silent.address()}));
    resolver.resolve("web", [&](Resolution resolution) { seen.set_value(resolution.status); });
  }
  CHECK(seen.get_future().get() == Status::unreachable);
}

TEST_CASE("beyond the bound of names the one that was not asked for the longest is forgotten") {
  ScriptedNameServer server;
  server.set(k_web, Type::srv, instances(1, 60));
  ResolverSettings two = asking({server.address()});
  two.names_max = 2;
  Resolver resolver(two);
  for (const char* name : {"web", "a", "web", "b", "web"}) (void)resolver.resolve(name);
  CHECK(server.questions() == 3);
  (void)resolver.resolve("a");
  CHECK(server.questions() == 4);
}

TEST_CASE("settings that cannot be are refused with a sentence") {
  const auto refused = [](const ResolverSettings& wrong) {
    try {
      const Resolver resolver(wrong);
      return std::string("accepted");
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
  };
  CHECK(refused({.servers = {"nowhere"}}).starts_with("rollcall::Resolver: the setting servers: \"nowhere\""));
  CHECK(refused({.servers = {"127.0.0.1"}, .domain = "a..b"}) == "rollcall::Resolver: domain is no domain name");
  CHECK(refused({.servers = {"127.0.0.1"}, .tries = 0}) == "rollcall::Resolver: tries must be 1 to 10");
  CHECK(refused({.servers = {"127.0.0.1"}, .names_max = 0}) == "rollcall::Resolver: names_max must be 1 at least");
}

TEST_CASE("many threads at once, while servers come and go") {
  ScriptedNameServer server;
  server.set(k_web, Type::srv, instances(5, 0));
  Resolver resolver(asking({server.address()}));
  REQUIRE(resolver.resolve("web"));
  std::atomic<int> without = 0;
  std::vector<std::thread> callers;
  for (int thread = 0; thread < 4; ++thread) {
    callers.emplace_back([&, thread] {
      for (int i = 0; i < 100; ++i) {
        const Choice choice = resolver.pick("web", {.policy = static_cast<Policy>((i + thread) % 5), .key = "k"});
        if (!choice) ++without;
        if (i % 7 == thread) resolver.report_failure("web", choice.endpoint);
        resolver.report_load("web", choice.endpoint, i);
        if (i % 25 == 0) server.set_silent(i % 50 == 0);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(without == 0);
}

}  // namespace
}  // namespace rollcall::client
