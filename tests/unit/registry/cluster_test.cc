// The roll of a node of a cluster: others decide about leases.
#include <string>

#include "catch.h"
#include "registry/staged_batch.h"
#include "unit/registry/authority.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

struct ClusterWorld : World {
  ClusterWorld() { registry.let_decide(authority); }

  void follow_one(const InstanceKey& instance, ChangeIndex index, bool is_there = true, EventId event = 0) {
    DurableChange change{.event = {.id = event, .key = instance, .index = index}, .present = std::nullopt};
    change.event.kind = is_there ? EventKind::registered : EventKind::expired;
    change.event.cause = is_there ? Cause::registered : Cause::lease_ended;
    if (is_there) {
      change.present = DurableChange::Present{.registration = registration(instance.service.name, instance.id)};
    }
    REQUIRE(registry.follow(std::span(&change, 1), clock, wall).empty());
  }
  Errc refusal_of_renewal(const InstanceKey& instance) {
    const Result<Renewed> renewed = registry.renew(instance.ref(), clock.now());
    REQUIRE_FALSE(renewed);
    return renewed.error().code;
  }

  ScriptedAuthority authority;
};

TEST_CASE("a lease that the cluster decides about has a deadline here, and does not end by it") {
  ClusterWorld world;
  world.follow_one(k_a, 7);
  CHECK(world.left(k_a) == 15s);
  CHECK_FALSE(world.registry.next_wake());
  world.pass(24h);
  CHECK(world.sweep() == 0);
  CHECK(world.ids("web") == Ids{"a"});
  CHECK(world.left(k_a) == 15s - 24h);
  world.follow_one(k_a, 8, false);
  CHECK(world.ids("web").empty());
  CHECK(world.knows("web"));
}

TEST_CASE("what is restored is decided about by the cluster as well, and tells of nothing") {
  World before;
  REQUIRE(before.add("web", "a"));
  ClusterWorld world;
  CHECK(world.registry.restore(before.journal.restored(), world.clock.now(), world.wall).empty());
  CHECK(world.registry.followed() == 1);
  CHECK_FALSE(world.registry.has_unrecorded_rows());
  world.pass(24h);
  CHECK(world.sweep() == 0);
  CHECK(world.ids("web") == Ids{"a"});
  CHECK(world.renew(k_a));
  CHECK(world.left(k_a) == 15s);
}

TEST_CASE("a heartbeat counts when the authority says so") {
  ClusterWorld world;
  world.follow_one(k_a, 7);
  world.pass(10s);
  CHECK(world.registry.renew(k_a.ref(), world.clock.now())->expires_at == world.clock.now() + 15s);
  world.pass(20s);
  CHECK(world.renew(k_a));  // past, as far as this node knows: the authority knows more
  CHECK(world.left(k_a) == 15s);
  world.pass(1s);
  world.authority.verdict = Verdict::refused;
  CHECK(world.refusal_of_renewal(k_a) == Errc::not_in_charge);
  world.authority.verdict = Verdict::put_first;
  CHECK(world.refusal_of_renewal(k_a) == Errc::put_first);
  world.authority.verdict = Verdict::unknown;
  CHECK(world.refusal_of_renewal(k_a) == Errc::put_first);
  CHECK(world.left(k_a) == 14s);
}

TEST_CASE("only the shared store says that an instance is unknown") {
  ClusterWorld world;
  CHECK(world.refusal_of_renewal(k_a) == Errc::put_first);
  CHECK(world.authority.heard.empty());
}

TEST_CASE("an instance without a lease is renewed by nobody but the store") {
  ClusterWorld world;
  Registration asked = registration("web", "a");
  asked.lease = LeaseKind::none;
  asked.ttl = {};
  DurableChange change{.event = {.key = k_a, .index = 7}, .present = DurableChange::Present{.registration = asked}};
  CHECK(world.registry.follow(std::span(&change, 1), world.clock, world.wall).empty());
  CHECK(world.refusal_of_renewal(k_a) == Errc::put_first);
}

TEST_CASE("what another node has heard extends the lease, never shortens it") {
  ClusterWorld world;
  world.follow_one(k_a, 7);
  world.registry.note_lease(k_a.ref(), world.clock.now() + 20s);
  CHECK(world.left(k_a) == 20s);
  world.registry.note_lease(k_a.ref(), world.clock.now() + 10s);
  CHECK(world.left(k_a) == 20s);
  world.registry.note_lease(key("web", "nobody").ref(), world.clock.now() + 10s);
}

TEST_CASE("a service without instances is remembered until the cluster forgets it") {
  ClusterWorld world;
  world.follow_one(k_a, 7);
  CHECK_FALSE(world.registry.forget(k_a.service.ref()));
  world.follow_one(k_a, 8, false);
  world.pass(1000h);
  CHECK(world.sweep() == 0);
  CHECK(world.knows("web"));
  CHECK(world.registry.forget(k_a.service.ref()));
  CHECK_FALSE(world.knows("web"));
  CHECK(world.audience.lines.back() == "web is forgotten");
  CHECK_FALSE(world.registry.forget(k_a.service.ref()));
  CHECK(world.registry.counts().services == 0);
  CHECK_FALSE(world.registry.has_unrecorded_rows());
}

TEST_CASE("a service that the shared store has is known without instances") {
  ClusterWorld world;
  const ServiceRecord stored{k_a.service, 5, to_set(Protocol::udp), world.wall};
  world.registry.follow_service(stored, world.clock.now());
  CHECK(world.knows("web"));
  CHECK(world.ids("web").empty());
  world.follow_one(k_a, 7);
  const rcu::ReadLock lock;
  CHECK(world.registry.find_service(k_a.service.ref())->protocols == (to_set(Protocol::tcp) | to_set(Protocol::udp)));
}

TEST_CASE("the roll follows further where nothing of it has changed") {
  ClusterWorld world;
  world.follow_one(k_a, 7);
  world.registry.follow_up_to(12);
  CHECK(world.registry.followed() == 12);
  CHECK(world.registry.counts().index == 12);
  world.follow_one(key("web", "b"), 11);  // told before
  CHECK(world.ids("web") == Ids{"a"});
}

TEST_CASE("what leaves the roll of this node alone makes no event and no row") {
  ClusterWorld world;
  world.follow_one(k_a, 7, true, 1);
  world.zones.taken.insert("web");
  CHECK(world.registry.set_aside_refused(world.clock.now(), world.wall).size() == 1);
  CHECK_FALSE(world.knows("web"));
  CHECK_FALSE(world.registry.has_unrecorded_rows());
  CHECK(world.sink.lines.size() == 1);
  CHECK(world.registry.counts().index == 7);
}

TEST_CASE("a Register that changes nothing is put again, and so is a Renew, without an event") {
  ClusterWorld world;
  world.follow_one(k_a, 7);
  const Change same = GENERATE(Change(adding("web", "a")), Change(Renew{k_a}));
  const auto batch = world.registry.stage(std::span(&same, 1), world.clock.now(), world.wall);
  REQUIRE(batch->needs_record());
  CHECK(batch->transaction.events.empty());
  REQUIRE(batch->transaction.instances.size() == 1);
  CHECK(batch->transaction.instances[0]->registration == registration("web", "a"));
  CHECK(batch->transaction.instances[0]->replaces == 7);
  CHECK(batch->transaction.instances[0]->renews_lease);
  CHECK(batch->renewals == std::vector<std::size_t>{0});
  CHECK_FALSE(batch->outcomes[0]->changed);
}

TEST_CASE("a Renew of another version, or of nobody, is unknown") {
  ClusterWorld world;
  world.follow_one(k_a, 7);
  const std::vector<Change> changes{Renew{key("web", "b")}, Renew{k_a, CheckedSince{99}}};
  const auto batch = world.registry.stage(changes, world.clock.now(), world.wall);
  CHECK_FALSE(batch->needs_record());
  CHECK(batch->outcomes[0].error().code == Errc::unknown_instance);
  CHECK(batch->outcomes[1].error().code == Errc::unknown_instance);
}

TEST_CASE("an end that a probe asks for is not made when somebody has heard the instance since") {
  ClusterWorld world;
  world.follow_one(k_a, 7);
  const Change end = End{k_a, {}, "connection refused", world.clock.now() + 15s};
  CHECK(world.registry.stage(std::span(&end, 1), world.clock.now(), world.wall)->needs_record());
  world.registry.note_lease(k_a.ref(), world.clock.now() + 16s);
  CHECK_FALSE(world.registry.stage(std::span(&end, 1), world.clock.now(), world.wall)->needs_record());
}

TEST_CASE("an instance that is put again as it was renews its lease, and nobody sees it") {
  ClusterWorld world;
  world.follow_one(k_a, 7);
  world.follow_one(key("web", "b"), 8);
  world.audience.lines.clear();
  world.pass(10s);
  DurableChange again{
      .event = {.key = k_a, .kind = EventKind::updated, .index = 12},
      .present = DurableChange::Present{.registration = registration("web", "a"), .unchanged_since = 7}};
  const auto follow = [&] { REQUIRE(world.registry.follow(std::span(&again, 1), world.clock, world.wall).empty()); };
  follow();
  CHECK(world.left(k_a) == 15s);
  CHECK(world.audience.lines.empty());
  CHECK(world.index_of("web") == 8);
  CHECK(world.registry.followed() == 12);
  const auto staged = [&](const Change& change) {
    return world.registry.stage(std::span(&change, 1), world.clock.now(), world.wall);
  };
  // What is changed next is compared with what the store has.
  const Change renew = Renew{k_a};
  const Change drain = SetDraining{k_a};
  {
    const auto batch = staged(renew);
    CHECK(batch->transaction.instances.at(0)->replaces == 12);
    CHECK(batch->transaction.instances.at(0)->unchanged_since == 7);
  }
  {
    const auto batch = staged(drain);
    CHECK(batch->transaction.instances.at(0)->replaces == 12);
    CHECK(batch->transaction.instances.at(0)->unchanged_since == 0);
  }
  // A version that is not the one shown here comes as a change, with the index that the others show.
  again.event.index = 20;
  again.present->unchanged_since = 15;
  again.present->registration.weight = 9;
  follow();
  CHECK(world.index_of("web") == 15);
  CHECK(world.audience.lines.size() == 1);
  CHECK(staged(drain)->transaction.instances.at(0)->replaces == 20);
}

// Of an instance whose check ends it when it has been critical for ten seconds.
DurableChange with_check(ChangeIndex index, health::CheckStatus status, WallTime since) {
  Registration asked = registration("web", "a");
  asked.lease = LeaseKind::none;
  asked.ttl = {};
  Standing standing;
  standing.checks.push_back({.id = "c", .status = status, .since = since, .ends_after = 10s});
  return {.event = {.key = k_a, .index = index},
          .present = DurableChange::Present{.registration = asked, .standing = standing}};
}

TEST_CASE("a check that ends its instance within a millisecond is waited for") {
  ClusterWorld world;
  world.pass(300us);
  const DurableChange change = with_check(7, health::CheckStatus::critical, world.wall);
  REQUIRE(world.registry.follow(std::span(&change, 1), world.clock, world.wall).empty());
  world.pass(10s - 200us);  // the millisecond in which it ends
  world.sweep();
  CHECK(world.authority.too_long.empty());
  world.pass(1ms);
  world.sweep();
  CHECK(world.authority.too_long == Ids{"a"});
}

TEST_CASE("a change and its renewal that come together are both followed") {
  ClusterWorld world;
  world.follow_one(k_a, 7);
  Registration heavier = registration("web", "a");
  heavier.weight = 5;
  const std::vector<DurableChange> changes{
      {.event = {.key = k_a, .index = 9}, .present = DurableChange::Present{.registration = heavier}},
      {.event = {.key = k_a, .index = 11},
       .present = DurableChange::Present{.registration = heavier, .unchanged_since = 9}}};
  REQUIRE(world.registry.follow(changes, world.clock, world.wall).empty());
  CHECK(world.index_of("web") == 9);
  const Change renew = Renew{k_a};
  const auto batch = world.registry.stage(std::span(&renew, 1), world.clock.now(), world.wall);
  CHECK(batch->transaction.instances.at(0)->replaces == 11);
  CHECK(batch->transaction.instances.at(0)->registration.weight == 5);
}

TEST_CASE("the authority is told of an instance whose check has been critical for too long, until it has left") {
  ClusterWorld world;
  const auto follow = [&](const DurableChange& change) {
    REQUIRE(world.registry.follow(std::span(&change, 1), world.clock, world.wall).empty());
  };
  const WallTime since = world.wall;
  follow(with_check(7, health::CheckStatus::critical, since));
  world.pass(6s);
  follow(with_check(8, health::CheckStatus::critical, since));  // changed otherwise: its time goes on
  const auto stage_end = [&] {
    const Change end = End{.key = k_a, .reason = {}, .is_critical_too_long = true};
    return world.registry.stage(std::span(&end, 1), world.clock.now(), world.wall);
  };
  CHECK_FALSE(stage_end()->needs_record());
  world.pass(3s);
  world.sweep();
  CHECK(world.authority.too_long.empty());
  world.pass(1s);
  world.sweep();
  CHECK(world.authority.too_long == Ids{"a"});
  world.sweep();
  CHECK(world.authority.too_long.size() == 1);
  world.pass(1s);
  world.sweep();
  CHECK(world.authority.too_long.size() == 2);
  CHECK(world.ids("web") == Ids{"a"});
  const auto batch = stage_end();
  REQUIRE(batch->needs_record());
  REQUIRE(batch->transaction.events.size() == 1);
  CHECK(batch->transaction.events[0]->cause == Cause::critical_too_long);
  CHECK(batch->transaction.removed.size() == 1);
  follow(with_check(9, health::CheckStatus::passing, world.wall));
  CHECK_FALSE(stage_end()->needs_record());
  world.pass(1h);
  world.sweep();
  CHECK(world.authority.too_long.size() == 2);
}

}  // namespace
}  // namespace rollcall::registry
