// The writer's thread on a node of a cluster: what it is handed goes to the lanes, and nothing is written here.
#include <future>
#include <string>

#include "catch.h"
#include "registry/work/agreed_writer.h"
#include "registry/work/writer.h"
#include "unit/registry/authority.h"
#include "unit/registry/writer_world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

// Commits what it is proposed with the writer's next task, or never.
class SoonStore final : public Agreement {
 public:
  [[nodiscard]] std::size_t lanes() const override { return 2; }
  [[nodiscard]] std::size_t changes_max() const override { return 100; }
  [[nodiscard]] std::size_t zones_max() const override { return 1; }
  void propose(std::size_t, const Transaction& transaction, Reply reply) override {
    replies.push_back(std::move(reply));
    if (is_silent) return;
    std::vector<DurableChange> changes;
    ++index;
    for (const InstanceRecord* record : transaction.instances) {
      changes.push_back({.event = {.key = record->registration.key, .index = index},
                         .present = DurableChange::Present{.registration = record->registration}});
    }
    for (const RemovedInstance& removed : transaction.removed) {
      changes.push_back(
          {.event = {.key = {to_key(removed.service), std::string(removed.id)}, .index = index}, .present = {}});
    }
    settle(Committed{.first_index = index, .last_index = index}, std::move(changes));
  }
  void read_latest(LatestReply reply) override {
    writer->run_soon([this, reply = std::move(reply)]() mutable { reply(index); });
  }

  Writer* writer = nullptr;
  AgreedWriter* agreed = nullptr;
  ChangeIndex index = 10;
  bool is_silent = false;
  std::vector<Reply> replies;

 private:
  void settle(Committed committed, std::vector<DurableChange> changes) {
    writer->run_soon([this, committed, changes = std::move(changes), reply = std::move(replies.back())]() mutable {
      reply(committed);
      static_cast<void>(agreed->follow(changes, WallTime{}));
      agreed->go_on(WallTime{});
    });
    replies.pop_back();
  }
};

struct ClusterWriterWorld {
  ClusterWriterWorld() {
    store.writer = &world.writer;
    store.agreed = &agreed;
    world.registry.let_decide(authority);
    world.registry.follow_up_to(store.index);  // as a node has when its writer starts: a reading waits for nothing else
    world.writer.set_agreed(agreed);
  }
  ~ClusterWriterWorld() { world.stop(); }

  SoonStore store;
  ScriptedAuthority authority;
  WriterWorld world;
  AgreedWriter agreed{world.registry, store, world.clock};
};

TEST_CASE("changes of a cluster's node go to the shared store, and are counted") {
  ClusterWriterWorld cluster;
  WriterWorld& world = cluster.world;
  world.start();
  world.submit(adding("web", "a"));
  CHECK(world.wait_for_replies(1));
  world.submit(adding("web", "a"));
  CHECK(world.wait_for_replies(2));
  world.submit(removing("web", "a"));
  CHECK(world.wait_for_replies(3));
  world.submit(removing("web", "a"));
  CHECK(world.wait_for_replies(4));
  world.stop();
  CHECK(world.replies == Lines{"created 11", "renewed 12", "changed 13", "unknown"});
  CHECK(world.thread_of_replies == world.thread_id);
  CHECK(world.writer.stats().registered == 1);
  CHECK(world.writer.stats().deregistered == 1);
  CHECK(world.writer.stats().updated == 0);
  CHECK(world.writer.stats().store_works);
  CHECK(world.journal.attempts == 0);
}

TEST_CASE("changes that wait when a cluster's node stops are answered") {
  ClusterWriterWorld cluster;
  WriterWorld& world = cluster.world;
  cluster.store.is_silent = true;
  world.start();
  world.submit(adding("web", "a"));
  world.submit(adding("web", "b"));
  world.run_a_round();
  world.stop();
  CHECK(world.replies == Lines{"failed", "failed"});
  CHECK(cluster.agreed.unreported() == 0);
  CHECK_FALSE(world.writer.submit(adding("web", "c"), [](const Outcome&) {}));
  CHECK(world.journal.attempts == 0);
}

TEST_CASE("several changes are answered together, in their order") {
  ClusterWriterWorld cluster;
  WriterWorld& world = cluster.world;
  world.start();
  std::promise<std::vector<Outcome>> answered;
  CHECK(world.writer.submit({adding("web", "a"), removing("db", "nobody"), adding("api", "b")},
                            [&](std::vector<Outcome> outcomes) { answered.set_value(std::move(outcomes)); }));
  const std::vector<Outcome> outcomes = answered.get_future().get();
  REQUIRE(outcomes.size() == 3);
  CHECK(outcomes[0]->created);
  CHECK(outcomes[1].error().code == Errc::unknown_instance);
  CHECK(outcomes[2]->created);
}

}  // namespace
}  // namespace rollcall::registry
