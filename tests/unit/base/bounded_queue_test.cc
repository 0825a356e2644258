#include "base/bounded_queue.h"

#include <atomic>
#include <thread>

#include "catch.h"

namespace rollcall {

TEST_CASE("what is put comes out in order, and then it is known to be all") {
  BoundedQueue<int> line(2);
  int put = 0;
  std::jthread putting([&] {
    for (int i = 0; i < 10'000; ++i) put += line.put(i) ? 1 : 0;
    line.close();
  });
  for (int i = 0; i < 10'000; ++i) REQUIRE(line.take() == i);
  REQUIRE_FALSE(line.take());
  putting.join();
  CHECK(put == 10'000);
}

TEST_CASE("a full line makes the faster side wait") {
  BoundedQueue<int> line(1);
  REQUIRE(line.put(1));
  std::atomic<bool> has_put{false};
  std::jthread putting([&] {
    static_cast<void>(line.put(2));
    has_put = true;
  });
  CHECK_FALSE(has_put.load());  // it cannot, before this takes
  CHECK(line.take() == 1);
  CHECK(line.take() == 2);
}

TEST_CASE("who puts into a closed line is told, even one who has been waiting for a place") {
  BoundedQueue<int> line(1);
  REQUIRE(line.put(1));
  std::atomic<int> refused{0};
  {
    std::jthread putting([&] {
      if (!line.put(2)) ++refused;
    });
    line.close();
  }
  CHECK(refused == 1);
  CHECK_FALSE(line.put(3));
  CHECK(line.take() == 1);
  CHECK_FALSE(line.take());
}

}  // namespace rollcall
