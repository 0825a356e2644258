#include "net/sockets/event_loop.h"

#include <future>
#include <latch>
#include <memory>
#include <vector>

#include "catch.h"

namespace rollcall::net {
namespace {

using namespace std::chrono_literals;

// Tells its number when it is over.
class Bell final : public Deadline {
 public:
  Bell(EventLoop& loop, int number, std::vector<int>& rung) : Deadline(loop), number_(number), rung_(rung) {}
  std::latch* last = nullptr;  // counted down when it rings

 private:
  void on_deadline() override {
    rung_.push_back(number_);
    if (last != nullptr) last->count_down();
  }
  int number_;
  std::vector<int>& rung_;
};

void run_on(EventLoop& loop, std::move_only_function<void()> task) {
  std::promise<void> done;
  loop.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

TEST_CASE("tasks run on the loop's thread, in the order they were posted") {
  EventLoop loop;
  loop.start("test-loop");
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) loop.post([&order, i] { order.push_back(i); });
  std::thread::id where;
  run_on(loop, [&] { where = std::this_thread::get_id(); });
  CHECK(order.size() == 100);
  CHECK(std::ranges::is_sorted(order));
  CHECK(where != std::this_thread::get_id());
}

TEST_CASE("a task may post another") {
  EventLoop loop;
  loop.start("test-loop");
  std::promise<int> done;
  loop.post([&] { loop.post([&] { done.set_value(7); }); });
  CHECK(done.get_future().get() == 7);
}

TEST_CASE("what was posted before the stop is done before the end") {
  EventLoop loop;
  loop.start("test-loop");
  int done = 0;
  for (int i = 0; i < 1000; ++i) loop.post([&] { ++done; });
  loop.stop();
  CHECK(done == 1000);
}

TEST_CASE("a task that never ran is destroyed with the loop") {
  const auto witness = std::make_shared<int>(0);
  {
    EventLoop loop;
    loop.post([witness] { ++*witness; });
    CHECK(witness.use_count() == 2);
  }
  CHECK(witness.use_count() == 1);
  CHECK(*witness == 0);
}

TEST_CASE("a deadline that passes is told, once, and in the order of time") {
  EventLoop loop;
  std::vector<int> rung;
  std::latch last(1);
  std::vector<std::unique_ptr<Bell>> bells;
  for (int i = 0; i < 5; ++i) bells.push_back(std::make_unique<Bell>(loop, i, rung));
  bells[3]->last = &last;
  loop.start("test-loop");
  run_on(loop, [&] {
    bells[0]->expires_after(0ms);
    bells[1]->expires_after(100ms);
    bells[1]->cancel_deadline();
    bells[2]->expires_after(0ms);
    bells[2]->expires_after(1h);  // moved
    bells[3]->expires_after(300ms);
    bells[4]->expires_after(1h);
    bells[4]->expires_after(100ms);  // moved the other way
  });
  last.wait();
  run_on(loop, [&] { bells.clear(); });  // one that is still set goes without a sound
  CHECK(rung == std::vector<int>{0, 4, 3});
}

}  // namespace
}  // namespace rollcall::net
