// Changes of a node of a cluster: read, proposed, followed, confirmed.
#include "registry/work/agreed_writer.h"

#include <deque>
#include <string>

#include "base/limits.h"
#include "catch.h"
#include "unit/registry/authority.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

// A store that does nothing until a test says so.
class HandStore final : public Agreement {
 public:
  [[nodiscard]] std::size_t lanes() const override { return 1; }
  [[nodiscard]] std::size_t changes_max() const override { return 10; }
  [[nodiscard]] std::size_t zones_max() const override { return 1; }
  void propose(std::size_t, const Transaction& transaction, Reply reply) override {
    proposed = &transaction;
    sizes.push_back(transaction.instances.size() + transaction.removed.size());
    reply_ = std::move(reply);
  }
  void read_latest(LatestReply reply) override { readings.push_back(std::move(reply)); }

  // The transaction is committed at this index; what the watch will bring.
  std::vector<DurableChange> commit(ChangeIndex index) {
    std::vector<DurableChange> changes;
    for (const InstanceRecord* record : proposed->instances) {
      changes.push_back({.event = {.key = record->registration.key, .index = index},
                         .present = DurableChange::Present{.registration = record->registration,
                                                           .standing = record->standing,
                                                           .registered_at = record->registered_at,
                                                           .renews_lease = record->renews_lease}});
    }
    for (const RemovedInstance& removed : proposed->removed) {
      changes.push_back({.event = {.key = {to_key(removed.service), std::string(removed.id)},
                                   .kind = EventKind::deregistered,
                                   .cause = Cause::deregistered,
                                   .index = index},
                         .present = std::nullopt});
    }
    reply({Committed{.first_index = index, .last_index = index}});
    return changes;
  }
  void reply(Recorded recorded) {
    proposed = nullptr;
    std::exchange(reply_, {})(std::move(recorded));
  }
  void answer_reading(std::optional<ChangeIndex> latest) {
    LatestReply answer = std::move(readings.front());
    readings.pop_front();
    answer(latest);
  }
  [[nodiscard]] bool is_idle() const { return proposed == nullptr && readings.empty(); }

  const Transaction* proposed = nullptr;
  std::deque<LatestReply> readings;
  std::vector<std::size_t> sizes;

 private:
  Reply reply_;
};

struct AgreedWorld : World {
  AgreedWorld() { registry.let_decide(authority); }

  void submit(Change change) {
    REQUIRE(writer.submit(std::move(change), [this](const Outcome& outcome) {
      if (outcome) {
        outcomes.push_back((outcome->created   ? "created "
                            : outcome->changed ? "changed "
                                               : "renewed ") +
                           std::to_string(outcome->index));
      } else {
        switch (outcome.error().code) {
          case Errc::unknown_instance: outcomes.emplace_back("unknown"); break;
          case Errc::not_in_charge: outcomes.emplace_back("ask another"); break;
          case Errc::store_busy: outcomes.emplace_back("busy"); break;
          default: outcomes.emplace_back("failed");
        }
      }
    }));
  }
  void propose(Change change) {
    submit(std::move(change));
    writer.propose_waiting(wall);
  }
  // What is proposed is committed, followed, and goes on.
  void settle(ChangeIndex index) {
    const std::vector<DurableChange> changes = store.commit(index);
    REQUIRE(writer.follow(changes, wall).empty());
    writer.go_on(wall);
  }
  void put(const std::string& id, ChangeIndex index) {
    const DurableChange change{.event = {.key = key("web", id), .index = index},
                               .present = DurableChange::Present{.registration = registration("web", id)}};
    REQUIRE(writer.follow(std::span(&change, 1), wall).empty());
    writer.go_on(wall);
  }

  ScriptedAuthority authority;
  HandStore store;
  AgreedWriter writer{registry, store, clock};
  Lines outcomes;
};

TEST_CASE("a registration is answered when it is followed and confirmed, for when it was sent") {
  AgreedWorld world;
  world.authority.sent = LeaseAuthority::Sent(5);
  world.propose(adding("web", "a"));
  world.authority.sent = LeaseAuthority::Sent(6);
  const std::vector<DurableChange> changes = world.store.commit(7);
  world.writer.propose_waiting(world.wall);
  CHECK(world.outcomes.empty());
  CHECK(world.writer.follow(changes, world.wall).empty());
  CHECK(world.outcomes.empty());  // who is alive is told first
  CHECK(world.ids("web") == Ids{"a"});
  world.writer.go_on(world.wall);
  CHECK(world.outcomes == Lines{"created 7"});
  CHECK(world.authority.confirmed == Lines{"a #7 sent at 5"});
  CHECK(world.writer.unreported() == 0);
}

TEST_CASE("a registration that is not confirmed is a 503, though it is on the roll") {
  AgreedWorld world;
  world.authority.confirms = GENERATE(Verdict::refused, Verdict::put_first, Verdict::unknown);
  world.propose(adding("web", "a"));
  world.settle(7);
  CHECK(world.outcomes == Lines{"ask another"});
  CHECK(world.ids("web") == Ids{"a"});
}

TEST_CASE("a heartbeat that has to be stored puts the instance again, and its lease begins anew") {
  AgreedWorld world;
  world.put("a", 7);
  world.pass(20s);
  world.propose(Renew{k_a});
  world.settle(9);
  CHECK(world.outcomes == Lines{"renewed 9"});
  CHECK(world.authority.confirmed == Lines{"a #9 sent at 0"});
  CHECK(world.left(k_a) == 15s);
  CHECK(world.sink.lines.empty());
}

TEST_CASE("an instance is unknown only when the roll is as new as the store") {
  AgreedWorld world;
  const Change change = GENERATE(Change(Renew{k_a}), Change(Deregister{k_a}), Change(SetDraining{k_a, true}));
  world.propose(change);
  CHECK(world.store.readings.size() == 1);
  CHECK(world.outcomes.empty());
  SECTION("it is unknown there as well") {
    world.store.answer_reading(7);
    world.writer.propose_waiting(world.wall);
    CHECK(world.outcomes.empty());
    world.put("b", 7);
    CHECK(world.outcomes == Lines{"unknown"});
    CHECK(world.store.is_idle());
  }
  SECTION("another node has registered it") {
    world.store.answer_reading(7);
    world.put("a", 7);
    CHECK(world.store.proposed != nullptr);
    world.settle(8);
    CHECK(world.outcomes.size() == 1);
    CHECK(world.outcomes[0] != "unknown");
  }
  SECTION("the store does not answer") {
    world.store.answer_reading(std::nullopt);
    CHECK(world.outcomes == Lines{"busy"});
  }
}

TEST_CASE("a change that changes nothing is answered when the roll is as new as the store") {
  AgreedWorld world;
  world.put("a", 7);
  world.propose(SetDraining{k_a, false});
  CHECK(world.outcomes.empty());
  world.store.answer_reading(7);
  world.writer.propose_waiting(world.wall);
  CHECK(world.outcomes == Lines{"renewed 7"});
}

TEST_CASE("the store is read once for a batch") {
  AgreedWorld world;
  world.submit(Deregister{k_a});
  world.submit(Renew{key("web", "b")});
  world.propose(adding("web", "c"));
  CHECK(world.store.readings.size() == 1);
  world.store.answer_reading(0);
  world.writer.propose_waiting(world.wall);
  CHECK(world.store.readings.empty());
  NotRecorded conflict(Error{Errc::store_busy, "faster"}, NotRecorded::Reason::conflict);
  conflict.conflicts = {key("web", "c")};
  conflict.follow_up_to = 5;
  world.store.reply(std::unexpected(std::move(conflict)));
  world.put("c", 5);
  CHECK(world.store.readings.empty());
  world.settle(6);
  CHECK(world.outcomes == Lines{"unknown", "unknown", "renewed 6"});
}

TEST_CASE("while no changes are accepted they are refused at once, and nothing is asked of the store") {
  AgreedWorld world;
  world.authority.accepts = false;
  world.propose(adding("web", "a"));
  CHECK(world.outcomes == Lines{"ask another"});
  CHECK(world.store.is_idle());
  CHECK(world.writer.unreported() == 0);
}

TEST_CASE("what is in flight when changes are no longer accepted has its outcome all the same") {
  AgreedWorld world;
  world.propose(adding("web", "a"));
  world.submit(adding("web", "b"));
  world.authority.accepts = false;
  world.writer.propose_waiting(world.wall);
  CHECK(world.outcomes == Lines{"ask another"});  // b, which nobody has proposed
  world.settle(7);
  CHECK(world.outcomes == Lines{"ask another", "created 7"});
}

TEST_CASE("a batch that has met another change is not proposed again while no changes are accepted") {
  AgreedWorld world;
  world.propose(adding("web", "a"));
  NotRecorded conflict(Error{Errc::store_busy, "faster"}, NotRecorded::Reason::conflict);
  conflict.conflicts = {k_a};
  world.authority.accepts = false;
  world.store.reply(std::unexpected(std::move(conflict)));
  world.writer.propose_waiting(world.wall);
  CHECK(world.outcomes == Lines{"ask another"});
  CHECK(world.store.is_idle());
}

TEST_CASE("a transaction has changes of so many zones only as the store takes") {
  AgreedWorld world;
  world.submit(adding("web", "a"));
  world.submit(adding("web", "b"));
  world.submit(Register{registration("web", "c", k_lab)});
  world.propose(adding("web", "d"));
  world.settle(7);
  CHECK(world.outcomes == Lines{"created 7", "created 7"});
  world.writer.propose_waiting(world.wall);
  world.settle(8);
  world.writer.propose_waiting(world.wall);
  world.settle(9);
  CHECK(world.store.sizes == std::vector<std::size_t>{2, 1, 1});
  CHECK(world.outcomes == Lines{"created 7", "created 7", "created 8", "created 9"});
}

TEST_CASE("on stop everything that waits is answered, and what comes later changes nothing") {
  AgreedWorld world;
  world.propose(adding("web", "a"));
  world.submit(adding("web", "b"));
  world.writer.stop();
  CHECK(world.outcomes == Lines{"ask another", "ask another"});
  CHECK(world.writer.unreported() == 0);
  CHECK_FALSE(world.writer.submit(adding("web", "c"), [](const Outcome&) {}));
  const std::vector<DurableChange> changes = world.store.commit(7);
  CHECK(world.writer.follow(changes, world.wall).empty());
  world.writer.go_on(world.wall);
  world.writer.propose_waiting(world.wall);
  CHECK(world.ids("web") == Ids{"a"});
  CHECK(world.outcomes.size() == 2);
}

TEST_CASE("a reading that is answered after the stop changes nothing") {
  AgreedWorld world;
  world.propose(Renew{k_a});
  world.writer.stop();
  world.store.answer_reading(7);
  world.writer.propose_waiting(world.wall);
  CHECK(world.outcomes == Lines{"ask another"});
}

}  // namespace
}  // namespace rollcall::registry
