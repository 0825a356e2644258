// The writer's thread. Nothing sleeps: a gate in the journal holds a commit back until the test lets it go.
#include "registry/work/writer.h"

#include <future>
#include <latch>
#include <memory>
#include <thread>

#include "base/limits.h"
#include "catch.h"
#include "unit/registry/writer_world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

TEST_CASE("everything that waits becomes one transaction") {
  WriterWorld world;
  Gate& gate = world.hold_the_journal();
  world.submit(adding("web", "first"));
  gate.wait_until_entered();
  for (int i = 0; i < 500; ++i) world.submit(adding("web", "i-" + std::to_string(i)));
  gate.open();
  CHECK(world.wait_for_replies(501));
  world.stop();
  CHECK(world.journal.records == 2);
  CHECK(world.registry.counts().instances == 501);
  CHECK(world.writer.stats().registered == 501);
}

TEST_CASE("outcomes come in the order of the changes, on the writer's thread") {
  WriterWorld world;
  Gate& gate = world.hold_the_journal();
  world.submit(adding("web", "first"));
  gate.wait_until_entered();
  Registration changed = registration("web", "a");
  changed.port = 9090;
  for (const Change& change : {adding("web", "a"), adding("www", "b"), Change{Register{changed}}, removing("web", "a"),
                               removing("web", "a")}) {
    world.submit(change);
  }
  gate.open();
  CHECK(world.wait_for_replies(6));
  world.stop();
  CHECK(world.replies == Lines{"created 1", "created 2", "conflict", "changed 3", "changed 4", "unknown"});
  CHECK(world.thread_of_replies == world.thread_id);
  CHECK(world.writer.stats().registered == 2);
  CHECK(world.writer.stats().updated == 1);
  CHECK(world.writer.stats().deregistered == 1);
  CHECK(world.writer.stats().failed_changes == 0);
}

TEST_CASE("what runs when the writer is idle runs behind every change that waits, and holds up those that come") {
  WriterWorld world;
  Gate& gate = world.hold_the_journal();
  world.submit(adding("web", "first"));
  gate.wait_until_entered();
  world.submit(adding("web", "second"));
  std::promise<std::size_t> seen;
  std::promise<void> goes_on;
  world.writer.run_when_idle([&] {
    seen.set_value(world.ids("web").size());
    goes_on.get_future().wait();
  });
  gate.open();
  CHECK(seen.get_future().get() == 2);
  world.submit(adding("web", "third"));
  CHECK(world.ids("web").size() == 2);
  goes_on.set_value();
  CHECK(world.wait_for_replies(3));
  world.stop();
  CHECK(world.ids("web").size() == 3);
}

TEST_CASE("a reply comes after the change is visible") {
  WriterWorld world;
  std::promise<std::size_t> seen;
  world.start();
  CHECK(world.writer.submit(adding("web", "i-1"), [&](const Outcome&) { seen.set_value(world.ids("web").size()); }));
  CHECK(seen.get_future().get() == 1);
}

TEST_CASE("changes beyond the bound are turned away, and their replies are never called") {
  WriterWorld world;
  std::size_t taken = 0;
  while (taken < limits::k_queued_changes_max) {
    REQUIRE(world.writer.submit(removing("web", "nobody"), world.reply()));
    ++taken;
  }
  const auto witness = std::make_shared<int>(0);
  CHECK_FALSE(world.writer.submit(removing("web", "nobody"), [witness](const Outcome&) { *witness = 1; }));
  CHECK(witness.use_count() == 1);  // the reply is gone
  CHECK(*witness == 0);
  world.start();
  CHECK(world.wait_for_replies(limits::k_queued_changes_max));
  CHECK(world.writer.submit(removing("web", "nobody"), world.reply()));
}

TEST_CASE("one transaction has a bound, and what is beyond it comes with the next") {
  WriterWorld world;
  for (std::size_t i = 0; i <= limits::k_batch_changes_max; ++i) {
    world.submit(adding("s" + std::to_string(i % 64), "i-" + std::to_string(i)));
  }
  std::vector<std::size_t> sizes;
  world.journal.on_record = [&](const Transaction& t) { sizes.push_back(t.instances.size()); };
  world.start();
  CHECK(world.wait_for_replies(limits::k_batch_changes_max + 1));
  world.stop();
  CHECK(sizes == std::vector<std::size_t>{limits::k_batch_changes_max, 1});
}

TEST_CASE("stopping applies what waits, and takes nothing more") {
  WriterWorld world;
  Gate& gate = world.hold_the_journal();
  world.submit(adding("web", "first"));
  gate.wait_until_entered();
  for (int i = 0; i < 10; ++i) world.submit(adding("web", "i-" + std::to_string(i)));
  world.request_stop();
  gate.open();
  world.join();
  CHECK(world.replies.size() == 11);
  CHECK(world.journal.ids("web").size() == 11);
  CHECK_FALSE(world.writer.submit(adding("web", "late"), world.reply()));
  bool ran = false;
  world.writer.run_soon([&] { ran = true; });
  CHECK_FALSE(ran);
}

TEST_CASE("what waits at a stop keeps the bound of a transaction") {
  WriterWorld world;
  std::vector<std::size_t> sizes;
  world.journal.on_record = [&](const Transaction& t) {
    sizes.push_back(t.instances.size());
    world.gate.enter();
  };
  world.start();
  world.submit(adding("web", "first"));
  world.gate.wait_until_entered();
  for (std::size_t i = 0; i < 2 * limits::k_batch_changes_max + 1; ++i) {
    world.submit(adding("s" + std::to_string(i % 64), "i-" + std::to_string(i)));
  }
  world.request_stop();
  world.gate.open();
  world.join();
  CHECK(world.replies.size() == 2 * limits::k_batch_changes_max + 2);
  CHECK(sizes == std::vector<std::size_t>{1, limits::k_batch_changes_max, limits::k_batch_changes_max, 1});
}

TEST_CASE("a task that waits at a stop is dropped, and who waits for it hears of that") {
  WriterWorld world;
  Gate& gate = world.hold_the_journal();
  world.submit(adding("web", "first"));
  gate.wait_until_entered();
  auto promise = std::make_unique<std::promise<void>>();
  std::future<void> done = promise->get_future();
  world.request_stop();
  world.writer.run_soon([promise = std::move(promise)] { promise->set_value(); });
  gate.open();
  world.join();
  CHECK_THROWS_AS(done.get(), std::future_error);
}

TEST_CASE("a writer that is stopped before anything comes, stops") {
  WriterWorld world;
  world.start();
  world.stop();
  CHECK(world.journal.attempts == 0);
}

TEST_CASE("stopping writes the rows that ended leases owe") {
  WriterWorld world;
  world.start();
  world.submit(adding("web", "i-1"));
  CHECK(world.wait_for_replies(1));
  world.journal.fails_with = Errc::store_failed;
  world.clock.advance(15s);
  world.run_a_round();
  CHECK(world.ids("web").empty());
  world.run_a_round();
  CHECK(world.journal.ids("web") == Ids{"i-1"});
  world.run_on_writer([&] { world.journal.fails_with.reset(); });
  world.stop();
  CHECK(world.journal.ids("web").empty());
}

TEST_CASE("leases end on the writer's thread, and their rows go without anybody asking") {
  WriterWorld world;
  world.start();
  world.submit(adding("web", "i-1"));
  CHECK(world.wait_for_replies(1));
  world.clock.advance(15s);
  world.run_a_round();
  CHECK(world.ids("web").empty());
  CHECK(world.registry.counts().expired == 1);
  world.run_on_writer([&] { CHECK(world.journal.ids("web").empty()); });
}

TEST_CASE("tasks run on the writer's thread, in order") {
  WriterWorld world;
  world.start();
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) world.writer.run_soon([&order, i] { order.push_back(i); });
  std::thread::id where;
  world.run_on_writer([&] { where = std::this_thread::get_id(); });
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(where == world.thread_id);
}

TEST_CASE("a store that fails is known to fail, and known to work once it does") {
  WriterWorld world;
  world.start();
  CHECK(world.writer.stats().store_works);
  world.run_on_writer([&] { world.journal.fails_with = Errc::store_failed; });
  world.submit(adding("web", "i-1"));
  CHECK(world.wait_for_replies(1));
  CHECK(world.replies == Lines{"failed"});
  CHECK_FALSE(world.writer.stats().store_works);
  CHECK(world.writer.stats().failed_changes == 1);
  SECTION("by the next change") {
    world.run_on_writer([&] { world.journal.fails_with.reset(); });
    CHECK_FALSE(world.writer.stats().store_works);
    world.submit(adding("web", "i-1"));
    CHECK(world.wait_for_replies(2));
    CHECK(world.replies.back() == "created 1");
    CHECK(world.writer.stats().store_works);
  }
  SECTION("by the writer's own trying, half a second later, and not sooner") {
    world.run_on_writer([&] { world.journal.fails_with.reset(); });
    const int attempts = world.journal.attempts;
    world.clock.advance(499ms);
    world.run_a_round();
    CHECK(world.journal.attempts == attempts);
    CHECK_FALSE(world.writer.stats().store_works);
    world.clock.advance(1ms);
    world.run_a_round();
    CHECK(world.journal.attempts == attempts + 1);
    CHECK(world.writer.stats().store_works);
  }
  SECTION("and it is not asked again and again") {
    const int attempts = world.journal.attempts;
    world.clock.advance(500ms);
    world.run_a_round();
    CHECK(world.journal.attempts == attempts + 1);
    world.clock.advance(499ms);
    world.run_a_round();
    CHECK(world.journal.attempts == attempts + 1);
  }
}

TEST_CASE("a change that fails by itself says nothing about the store") {
  WriterWorld world;
  world.start();
  world.submit(removing("web", "nobody"));
  CHECK(world.wait_for_replies(1));
  CHECK(world.writer.stats().store_works);
  CHECK(world.writer.stats().failed_changes == 0);
}

TEST_CASE("many threads submit at once, and each hears of its own change") {
  WriterWorld world;
  world.start();
  constexpr int k_threads = 4;
  constexpr int k_each = 200;
  std::atomic<int> created{0};
  std::latch answered(k_threads * k_each);
  std::vector<std::jthread> clients;
  for (int t = 0; t < k_threads; ++t) {
    clients.emplace_back([&, t] {
      for (int i = 0; i < k_each; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        const bool taken = world.writer.submit(adding("web", id), [&, id](const Outcome& outcome) {
          if (outcome && outcome->created && outcome->label == id) ++created;
          answered.count_down();
        });
        if (!taken) answered.count_down();
      }
    });
  }
  answered.wait();
  CHECK(created == k_threads * k_each);
  clients.clear();
  world.stop();
  CHECK(world.journal.records <= k_threads * k_each);
  CHECK(world.registry.counts().instances == k_threads * k_each);
}

}  // namespace
}  // namespace rollcall::registry
