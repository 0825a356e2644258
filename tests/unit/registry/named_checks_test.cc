// Leases that turn a check critical, instances without a lease, and checks that have names: on a virtual clock.
#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {
namespace {

using health::CheckKind;
using health::CheckResult;
using health::CheckStatus;

constexpr std::string_view k_ttl_check = "service:a";

CheckResult result(std::string_view id, CheckStatus status, std::string output = {}) {
  return {
      .id = std::string(id), .name = "a check", .kind = CheckKind::told, .status = status, .output = std::move(output)};
}

// Of a door: with a check that its silence makes critical.
Registration with_ttl_check(std::chrono::milliseconds ttl = 10s) {
  Registration asked = registration("web", "a");
  asked.door = Door::consul;
  asked.ttl = ttl;
  asked.lease = LeaseKind::turns_critical;
  asked.lease_check = k_ttl_check;
  return asked;
}

Register registering(Registration asked, CheckStatus status = CheckStatus::passing,
                     std::chrono::milliseconds ends_after = 0ms) {
  CheckResult first = result(k_ttl_check, status);
  first.kind = CheckKind::ttl;
  first.ends_after = ends_after;
  return {std::move(asked), {health::CheckResults{std::move(first)}, false}};
}

Registration without_lease(std::string id = "a") {
  Registration asked = registration("web", std::move(id));
  asked.lease = LeaseKind::none;
  asked.ttl = 0ms;
  return asked;
}

SetCheck saying(CheckStatus status, std::string output = {}) {
  return {k_a, result(k_ttl_check, status, std::move(output))};
}

const CheckResult& check_of(const World& world, std::string_view id = k_ttl_check) {
  const CheckResult* found = health::find_result(world.journal.instances.at(k_a).standing.checks, id);
  REQUIRE(found != nullptr);
  return *found;
}

void settle(World& world) { REQUIRE(world.registry.record_pending()); }

}  // namespace

TEST_CASE("silence turns the check of a lease critical at the deadline, and the instance stays") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check())));
  world.pass(10s - 1ms);
  CHECK(world.sweep() == 0);
  CHECK(world.status_of(k_a) == Status::ready);
  world.pass(1ms);
  const ChangeIndex before = world.index_of("web");
  CHECK(world.sweep() == 0);  // no lease has ended an instance
  CHECK(world.status_of(k_a) == Status::critical);
  CHECK(world.ids("web") == Ids{"a"});
  CHECK(world.index_of("web") > before);
  CHECK(world.registry.has_unrecorded_rows());
  settle(world);
  CHECK(check_of(world).status == CheckStatus::critical);
  CHECK(check_of(world).since == world.wall);
  CHECK(check_of(world).output == "nobody has called in for 10s");
  CHECK(world.sink.lines.back() == "#2 web/a critical: check failed (nobody has called in for 10s)");
}

TEST_CASE("at the deadline the instance is out of the answers, before the sweep has come") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check())));
  world.pass(10s);
  const rcu::ReadLock lock;
  const Instance* instance = world.registry.find_instance(k_a.ref());
  CHECK_FALSE(instance->lease.is_alive(world.clock.now()));
  CHECK(instance->is_there(world.clock.now()));
  CHECK_FALSE(world.registry.renew(k_a.ref(), world.clock.now()));  // a pass has to be a change now
}

TEST_CASE("heartbeats keep a lease that would turn its check critical") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check())));
  for (int i = 0; i < 20; ++i) {
    world.pass(9s);
    REQUIRE(world.renew(k_a));
    world.sweep();
    REQUIRE(world.status_of(k_a) == Status::ready);
  }
}

TEST_CASE("a late pass revives the instance, under a whole lease") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check())));
  world.pass(25s);
  world.sweep();
  CHECK_FALSE(world.renew(k_a));
  const Outcome revived = world.apply(saying(CheckStatus::passing));
  REQUIRE(revived);
  CHECK(revived->changed);
  CHECK(world.status_of(k_a) == Status::ready);
  CHECK(world.left(k_a) == 10s);
  CHECK(world.renew(k_a));
  world.pass(10s);
  world.sweep();
  CHECK(world.status_of(k_a) == Status::critical);
}

TEST_CASE("a pass of what passes renews the lease and is no change; nor is another output") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check())));
  const int records = world.journal.records;
  world.pass(4s);
  const Outcome passed = world.apply(saying(CheckStatus::passing, "12:00:04"));
  CHECK_FALSE(passed->changed);
  CHECK(world.left(k_a) == 10s);
  CHECK(world.journal.records == records);
}

TEST_CASE("a warning stays in the answers and renews the lease; a failure is out and waits for a pass") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check())));
  world.pass(4s);
  CHECK(world.apply(saying(CheckStatus::warning, "slow"))->status == Status::ready);
  CHECK(check_of(world).status == CheckStatus::warning);
  CHECK(world.left(k_a) == 10s);
  CHECK(world.renew(k_a));
  CHECK(world.apply(saying(CheckStatus::critical, "down"))->status == Status::critical);
  CHECK_FALSE(world.renew(k_a));
  world.pass(100h);
  CHECK(world.sweep() == 0);
  CHECK(check_of(world).output == "down");  // its own word, not that of the silence
  CHECK(world.apply(saying(CheckStatus::passing))->status == Status::ready);
  CHECK(world.left(k_a) == 10s);
}

TEST_CASE("a check that has been critical for as long as it may be ends the instance") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check(), CheckStatus::passing, 60s)));
  world.pass(10s);
  world.sweep();
  world.pass(60s - 1ms);
  CHECK(world.sweep() == 0);
  CHECK(world.ids("web") == Ids{"a"});
  world.pass(1ms);
  CHECK(world.sweep() == 1);
  CHECK(world.ids("web").empty());
  settle(world);
  CHECK(world.journal.instances.empty());
  CHECK(world.sink.lines.back() == "#3 web/a expired: critical too long");
  CHECK(world.apply(saying(CheckStatus::passing)).error().code == Errc::unknown_instance);
}

TEST_CASE("a pass stops the time after which a critical check ends its instance") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check(), CheckStatus::critical, 60s)));
  world.pass(59s);
  REQUIRE(world.apply(saying(CheckStatus::passing)));
  for (int i = 0; i < 30; ++i) {
    world.pass(5s);
    REQUIRE(world.renew(k_a));
    CHECK(world.sweep() == 0);
  }
  REQUIRE(world.apply(saying(CheckStatus::critical)));
  world.pass(59s);
  REQUIRE(world.apply(saying(CheckStatus::critical, "again")));  // no new beginning
  world.pass(1s);
  CHECK(world.sweep() == 1);
}

TEST_CASE("a restart leaves what is critical critical, and the time that it has been so counts") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check(), CheckStatus::critical, 60s)));
  world.pass(20s);
  Restored stored = world.journal.restored();
  for (InstanceRecord& record : stored.instances) record.stored_at = world.wall;
  World next;
  next.wall = world.wall + 1h;  // the time the server was down does not count
  next.registry.restore(std::move(stored), next.clock.now(), next.wall);
  CHECK(next.status_of(k_a) == Status::critical);
  CHECK_FALSE(next.renew(k_a));
  next.pass(40s - 1ms);
  CHECK(next.sweep() == 0);
  next.pass(1ms);
  CHECK(next.sweep() == 1);
}

TEST_CASE("after a restart a check that passes has a whole lease") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check())));
  world.pass(9s);
  World next;
  next.registry.restore(world.journal.restored(), next.clock.now(), next.wall);
  CHECK(next.left(k_a) == 10s);
}

TEST_CASE("a failed store leaves a check that has turned critical owed, and a pass undoes it") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check())));
  world.journal.fails_with = Errc::store_failed;
  world.pass(10s);
  world.sweep();
  CHECK_FALSE(world.registry.record_pending());
  CHECK(world.status_of(k_a) == Status::critical);
  CHECK(world.apply(saying(CheckStatus::passing)).error().code == Errc::store_failed);
  CHECK(world.status_of(k_a) == Status::critical);
  world.journal.fails_with.reset();
  REQUIRE(world.apply(saying(CheckStatus::passing)));
  CHECK(check_of(world).status == CheckStatus::passing);  // the newer word, not the one that was owed
  CHECK_FALSE(world.registry.has_unrecorded_rows());
}

TEST_CASE("an instance that is deregistered while its row is owed leaves no row") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check())));
  world.pass(10s);
  world.sweep();
  REQUIRE(world.remove("web", "a"));
  CHECK(world.journal.instances.empty());
}

TEST_CASE("an instance without a lease never ends, and nobody has to call in") {
  World world;
  REQUIRE(world.apply(Register{without_lease()}));
  CHECK_FALSE(world.registry.next_wake());
  world.pass(24h * 365);
  CHECK(world.sweep() == 0);
  CHECK(world.ids("web") == Ids{"a"});
  const rcu::ReadLock lock;
  CHECK(world.registry.find_instance(k_a.ref())->lease.expires_at() == Lease::never());
  CHECK(world.registry.renew(k_a.ref(), world.clock.now())->expires_at == Lease::never());
}

TEST_CASE("an instance without a lease can be deregistered, and may be given one") {
  World world;
  REQUIRE(world.apply(Register{without_lease()}));
  REQUIRE(world.add("web", "a"));
  CHECK(world.left(k_a) == 15s);
  REQUIRE(world.apply(Register{without_lease()}));
  world.pass(1h);
  CHECK(world.sweep() == 0);
  REQUIRE(world.remove("web", "a"));
  CHECK_FALSE(world.renew(k_a));
}

TEST_CASE("an instance without a lease ends by a check alone") {
  World world;
  Registration asked = without_lease();
  CheckResult http = result("http", CheckStatus::critical);
  http.kind = CheckKind::run;
  http.ends_after = 90s;
  REQUIRE(world.apply(Register{asked, {health::CheckResults{http, result("other", CheckStatus::passing)}, false}}));
  world.pass(90s);
  CHECK(world.sweep() == 1);
}

TEST_CASE("the worst check is the status: warning is in, critical is out") {
  World world;
  const auto say = [&](std::string_view id, CheckStatus status) {
    return world.apply(SetCheck{k_a, result(id, status), true})->status;
  };
  REQUIRE(world.apply(Register{without_lease()}));
  CHECK(say("one", CheckStatus::warning) == Status::ready);
  CHECK(say("two", CheckStatus::critical) == Status::critical);
  CHECK(say("one", CheckStatus::passing) == Status::critical);
  CHECK(world.apply(SetDraining{k_a, true})->status == Status::draining);
  CHECK(world.apply(SetDraining{k_a, false})->status == Status::critical);
  CHECK(world.apply(RemoveCheck{k_a, "two"})->status == Status::ready);
  CHECK(world.apply(RemoveCheck{k_a, "two"}).error().field == "check");
  CHECK(world.apply(SetCheck{k_a, result("two", CheckStatus::critical)}).error().field == "check");
}

TEST_CASE(
    "a registration keeps what its checks have said, and drops those it does not name unless it is asked to keep "
    "them") {
  World world;
  REQUIRE(world.apply(registering(with_ttl_check())));
  REQUIRE(world.apply(SetCheck{k_a, result("extra", CheckStatus::warning, "w"), true}));
  REQUIRE(world.apply(saying(CheckStatus::critical, "down")));
  Register again = registering(with_ttl_check());
  again.checks.keeps_others = true;
  CHECK_FALSE(world.apply(again)->changed);
  CHECK(check_of(world).output == "down");
  CHECK(check_of(world, "extra").status == CheckStatus::warning);
  again.checks.keeps_others = false;
  CHECK(world.apply(again)->changed);
  CHECK(world.journal.instances.at(k_a).standing.checks.size() == 1);
  CHECK(check_of(world).status == CheckStatus::critical);
}

TEST_CASE("an instance has at most 12 checks") {
  World world;
  REQUIRE(world.apply(Register{without_lease()}));
  for (std::size_t i = 0; i < limits::k_named_checks_max; ++i) {
    REQUIRE(world.apply(SetCheck{k_a, result("c" + std::to_string(i), CheckStatus::passing), true}));
  }
  CHECK(world.apply(SetCheck{k_a, result("more", CheckStatus::passing), true}).error().code == Errc::invalid);
}

}  // namespace rollcall::registry::testing
