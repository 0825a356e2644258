#include "client/touch.h"

#include <atomic>
#include <thread>

#include "catch.h"

namespace rollcall::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

TEST_CASE("registered is who has been acknowledged within the lease, not who has just begun") {
  const Touch::Time start = steady_clock::now();
  Touch touch(start + 15s);
  CHECK_FALSE(touch.is_registered(start));
  touch.note_acknowledged(start, 15s);
  CHECK(touch.is_registered(start + 14'999ms));
  CHECK_FALSE(touch.is_registered(start + 15s));
}

TEST_CASE("the registry that has acknowledged for the longest counts") {
  const Touch::Time start = steady_clock::now();
  Touch touch(start);
  touch.note_acknowledged(start, 15s);
  touch.note_acknowledged(start, 5s);
  CHECK(touch.is_registered(start + 14s));
}

TEST_CASE("out of touch is told once, and so is the way back; also when there never was any") {
  Touch touch(steady_clock::now() + 20ms);
  std::atomic<int> lost = 0;
  std::atomic<int> found = 0;
  std::thread watcher([&] { touch.watch([&](bool is_in_touch) { ++(is_in_touch ? found : lost); }); });
  while (lost == 0) std::this_thread::sleep_for(1ms);
  CHECK(found == 0);
  touch.note_acknowledged(steady_clock::now(), 1h);
  while (found == 0) std::this_thread::sleep_for(1ms);
  touch.note_acknowledged(steady_clock::now(), 2h);
  touch.close();
  watcher.join();
  CHECK(lost == 1);
  CHECK(found == 1);
}

TEST_CASE("a wait for the registration ends with it, with its time, or with the end") {
  Touch touch(steady_clock::now() + 1h);
  CHECK_FALSE(touch.wait_until_registered(steady_clock::now() + 1ms));
  touch.note_acknowledged(steady_clock::now(), 1h);
  CHECK(touch.wait_until_registered(steady_clock::now() + 1h));
  touch.close();
  CHECK_FALSE(touch.wait_until_registered(steady_clock::now() + 1h));
}

}  // namespace
}  // namespace rollcall::client
