#include "client/cache_entry.h"

#include "catch.h"

namespace rollcall::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// A name, a clock, and what servers say.
struct Bench {
  CacheEntry entry{*dns::Name::parse("web.svc.internal"), {.patience = 250ms, .stale_for = 1h}, {}};
  CacheEntry::Time now{1h};
  Balancer::Random random{1};

  void use() { entry.note_use(now); }
  void answer(Found found) {
    entry.note_asked(now);
    entry.note_found(std::move(found), now);
  }
  void found(milliseconds ttl) {
    answer(
        {.status = Status::found, .endpoints = {{.target = "a", .port = 80, .addresses = {"192.0.2.1"}}}, .ttl = ttl});
  }
  void fail() { answer({.status = Status::unreachable, .message = "nobody answers"}); }
  Resolution resolution() { return entry.resolution(now, random); }
  Status status() { return resolution().status; }
};

TEST_CASE("a name nobody has asked for asks nobody") {
  Bench bench;
  CHECK_FALSE(bench.entry.wants_question(bench.now));
  CHECK_FALSE(bench.entry.next_question(bench.now));
  CHECK(bench.status() == Status::unreachable);
}

TEST_CASE("an answer is fresh until its TTL is over, to the instant") {
  Bench bench;
  bench.use();
  CHECK(bench.entry.wants_question(bench.now));
  bench.found(10s);
  bench.now += 9'999ms;
  CHECK(bench.entry.is_fresh(bench.now));
  CHECK_FALSE(bench.resolution().is_stale);
  CHECK(bench.resolution().age == 9'999ms);
  bench.now += 1ms;
  CHECK_FALSE(bench.entry.is_fresh(bench.now));
}

TEST_CASE("a name in use is asked for again at four fifths of its TTL; one that is not, is not") {
  Bench bench;
  bench.found(10s);
  CHECK_FALSE(bench.entry.next_question(bench.now));
  bench.now += 3s;
  CHECK(bench.entry.note_use(bench.now));
  CHECK_FALSE(bench.entry.note_use(bench.now));
  CHECK(bench.entry.next_question(bench.now) == bench.now + 5s);
  bench.now += 5s;
  CHECK(bench.entry.wants_question(bench.now));
  bench.entry.note_asked(bench.now);
  CHECK_FALSE(bench.entry.wants_question(bench.now));
  CHECK(bench.entry.is_settled(bench.now));
}

TEST_CASE("an answer with a TTL of 0 is for those who have waited for it, and no longer") {
  Bench bench;
  bench.use();
  bench.found(0s);
  CHECK(bench.status() == Status::found);
  CHECK_FALSE(bench.resolution().is_stale);
  CHECK_FALSE(bench.entry.next_question(bench.now));
  bench.use();
  CHECK(bench.entry.wants_question(bench.now));
  CHECK_FALSE(bench.entry.is_settled(bench.now));
}

TEST_CASE("the last good answer stands in while the servers are away, marked, and for its time only") {
  Bench bench;
  bench.found(1s);
  bench.now += 2s;
  bench.use();
  CHECK_FALSE(bench.entry.is_settled(bench.now));
  CHECK(bench.entry.patience(bench.now, 5s) == 250ms);
  bench.fail();
  CHECK(bench.entry.is_settled(bench.now));
  CHECK(bench.status() == Status::found);
  CHECK(bench.resolution().is_stale);
  CHECK(bench.resolution().message == "nobody answers");
  bench.now += 59min;
  CHECK(bench.status() == Status::found);
  bench.now += 1min;
  CHECK(bench.status() == Status::unreachable);
  CHECK(bench.resolution().endpoints.empty());
}

TEST_CASE("that there is nobody, or no such name, is an answer: what was there is gone") {
  for (const Status status : {Status::no_endpoints, Status::unknown_name}) {
    Bench bench;
    bench.found(1s);
    bench.answer({.status = status, .ttl = 1s, .message = "nobody there"});
    CHECK(bench.status() == status);
    CHECK(bench.entry.balancer().size() == 0);
    bench.now += 1s;
    bench.use();
    bench.fail();
    CHECK(bench.status() == Status::unreachable);  // and does not come back when the servers go
  }
}

TEST_CASE("a failure is no answer: what is fresh stays fresh") {
  Bench bench;
  bench.found(10s);
  bench.now += 8s;
  bench.fail();
  CHECK(bench.status() == Status::found);
  CHECK_FALSE(bench.resolution().is_stale);
}

TEST_CASE("after a failure the servers are asked again soon, later each time, every second at the latest") {
  Bench bench;
  std::vector<milliseconds> waits;
  for (int i = 0; i < 7; ++i) {
    bench.use();
    bench.fail();
    const auto next = bench.entry.next_question(bench.now);
    REQUIRE(next);
    waits.push_back(std::chrono::duration_cast<milliseconds>(*next - bench.now));
    bench.now = *next;
  }
  CHECK(waits == std::vector<milliseconds>{100ms, 200ms, 400ms, 800ms, 1s, 1s, 1s});
}

TEST_CASE("when nobody is interested any more, nobody is asked, until somebody is") {
  Bench bench;
  bench.use();
  bench.fail();
  bench.now += 30s;
  CHECK_FALSE(bench.entry.next_question(bench.now));
  CHECK(bench.entry.note_use(bench.now));
  CHECK(bench.entry.wants_question(bench.now));
}

TEST_CASE("long after a failure the servers get their chance before the last good answer is taken") {
  Bench bench;
  bench.found(1s);
  bench.now += 1s;
  bench.use();
  bench.fail();
  bench.now += 4'999ms;
  CHECK(bench.entry.is_settled(bench.now));
  bench.now += 1ms;
  CHECK_FALSE(bench.entry.is_settled(bench.now));
}

TEST_CASE("servers that take longer than a caller's patience are not waited for by the next one") {
  Bench bench;
  bench.found(1s);
  bench.now += 1s;
  bench.use();
  bench.entry.note_asked(bench.now);
  bench.now += 249ms;
  CHECK_FALSE(bench.entry.is_settled(bench.now));
  bench.now += 1ms;
  CHECK(bench.entry.is_settled(bench.now));
  CHECK(bench.resolution().is_stale);
}

TEST_CASE("an answer after failures is as good as any") {
  Bench bench;
  bench.found(1s);
  bench.now += 1s;
  bench.fail();
  bench.found(1s);
  CHECK(bench.status() == Status::found);
  CHECK_FALSE(bench.resolution().is_stale);
  CHECK(bench.resolution().message.empty());
}

TEST_CASE("a choice among endpoints that have all been tried is none") {
  Bench bench;
  bench.found(1s);
  const Choice choice = bench.entry.choice({}, {}, bench.now, bench.random);
  REQUIRE(choice);
  CHECK(choice.endpoint.text() == "192.0.2.1:80");
  const std::vector tried{choice.endpoint};
  CHECK(bench.entry.choice({}, tried, bench.now, bench.random).status == Status::all_failed);
}

}  // namespace
}  // namespace rollcall::client
