#include "registry/instance/lease.h"

#include <atomic>
#include <barrier>
#include <optional>
#include <thread>
#include <vector>

#include "catch.h"

namespace rollcall::registry {
namespace {

using namespace std::chrono_literals;

constexpr LeaseTime k_granted{1h};

TEST_CASE("a lease lives until its deadline, and not at it") {
  const Lease lease(k_granted, 15s);
  CHECK(lease.expires_at() == k_granted + 15s);
  CHECK(lease.is_alive(k_granted));
  CHECK(lease.is_alive(k_granted + 15s - 1ns));
  CHECK_FALSE(lease.is_alive(k_granted + 15s));
}

TEST_CASE("a deadline is rounded up to a whole millisecond, never down") {
  CHECK(Lease(k_granted + 1ns, 1s).expires_at() == k_granted + 1001ms);
  CHECK(Lease(k_granted + 999'999ns, 1s).expires_at() == k_granted + 1001ms);
  CHECK(Lease(k_granted + 1ms, 1s).expires_at() == k_granted + 1001ms);
  CHECK(Lease(k_granted + 1'000'001ns, 1s).expires_at() == k_granted + 1002ms);
  Lease renewed(k_granted, 1s);
  CHECK(renewed.renew(k_granted + 1ns, 1s));
  CHECK(renewed.expires_at() == k_granted + 1001ms);
}

TEST_CASE("a heartbeat moves the deadline to one whole lease from itself") {
  Lease lease(k_granted, 15s);
  CHECK(lease.renew(k_granted + 15s - 1ns, 15s));
  CHECK(lease.expires_at() == k_granted + 30s);
}

TEST_CASE("a lease that has ended cannot be renewed, swept or not") {
  Lease lease(k_granted, 15s);
  CHECK_FALSE(lease.renew(k_granted + 15s, 15s));
  CHECK(lease.expires_at() == k_granted + 15s);
  CHECK(lease.end_if_due(k_granted + 15s));
  CHECK_FALSE(lease.renew(k_granted + 15s, 15s));
  // Not even by a heartbeat that was read before the end.
  CHECK_FALSE(lease.renew(k_granted, 15s));
  CHECK_FALSE(lease.is_alive(k_granted));
}

TEST_CASE("an earlier deadline never replaces a later one") {
  Lease lease(k_granted, 60s);
  CHECK(lease.renew(k_granted + 1s, 15s));
  CHECK(lease.expires_at() == k_granted + 60s);
}

TEST_CASE("a lease ends at its deadline and not a nanosecond before") {
  Lease lease(k_granted, 15s);
  CHECK_FALSE(lease.end_if_due(k_granted + 15s - 1ns));
  CHECK(lease.is_alive(k_granted));
  CHECK(lease.end_if_due(k_granted + 15s));
  CHECK(lease.expires_at() < k_granted);
}

TEST_CASE("a lease that was ended by force is over at once") {
  Lease lease(k_granted, 15s);
  lease.end();
  CHECK_FALSE(lease.is_alive(k_granted));
  CHECK_FALSE(lease.renew(k_granted, 15s));
}

TEST_CASE("a lease that is held elsewhere has a deadline, and does not end by it") {
  Lease lease(k_granted, 15s);
  lease.count_elsewhere();
  CHECK(lease.counted_by() == LeaseHolder::elsewhere);
  CHECK(lease.expires_at() == k_granted + 15s);
  CHECK(lease.is_alive(k_granted + 24h));
  CHECK_FALSE(lease.end_if_due(k_granted + 24h));
  CHECK(lease.renew(k_granted + 24h, 15s));
  CHECK(lease.expires_at() == k_granted + 24h + 15s);
  CHECK(lease.extend(k_granted + 25h));
  CHECK(lease.extend(k_granted + 20h));  // an earlier deadline changes nothing
  CHECK(lease.expires_at() == k_granted + 25h);
  lease.end();
  CHECK_FALSE(lease.is_alive(k_granted));
  CHECK_FALSE(lease.extend(k_granted + 26h));
  CHECK_FALSE(lease.renew(k_granted, 15s));
}

TEST_CASE("what others have heard extends no lease that is held here") {
  Lease lease(k_granted, 15s);
  CHECK_FALSE(lease.extend(k_granted + 1h));
  CHECK(lease.expires_at() == k_granted + 15s);
}

TEST_CASE("a lease without an end is that elsewhere too") {
  Lease lease(Lease::Never{});
  lease.count_elsewhere();
  CHECK(lease.expires_at() == Lease::never());
  CHECK(lease.is_alive(k_granted + 24h));
}

TEST_CASE(
    "an answer is cached until the lease ends; of one that is past and held elsewhere, one second after a second") {
  Lease lease(k_granted, 15s);
  const LeaseTime end = k_granted + 15s;
  CHECK(lease.cached_until(k_granted) == end);
  CHECK(lease.cached_until(end + 1s) == end);
  lease.count_elsewhere();
  CHECK(lease.cached_until(k_granted) == end);
  CHECK(lease.cached_until(end) == end);
  CHECK(lease.cached_until(end + 999ms) == end + 999ms);
  CHECK(lease.cached_until(end + 1s) == end + 2s);
  CHECK(lease.cached_until(end + 24h) == end + 24h + 1s);
}

TEST_CASE("a renewal and an end that race have one winner") {
  constexpr int k_rounds = 2000;
  constexpr LeaseTime k_deadline = k_granted + 15s;
  std::optional<Lease> lease;
  bool renewed = false;
  bool ended = false;
  int renewals = 0;
  int contradictions = 0;
  int rounds = 0;
  const auto judge = [&]() noexcept {
    if (lease) {
      ++rounds;
      renewals += renewed ? 1 : 0;
      const bool lives_on = lease->expires_at() == k_deadline + 15s - 1ms;
      if (renewed == ended || lives_on != renewed) ++contradictions;
    }
    lease.emplace(k_granted, 15s);
  };
  std::barrier turn(2, judge);
  std::thread heartbeats([&] {
    for (int i = 0; i < k_rounds; ++i) {
      turn.arrive_and_wait();
      renewed = lease->renew(k_deadline - 1ms, 15s);
    }
    turn.arrive_and_wait();
  });
  for (int i = 0; i < k_rounds; ++i) {
    turn.arrive_and_wait();
    ended = lease->end_if_due(k_deadline);
  }
  turn.arrive_and_wait();
  heartbeats.join();
  CHECK(rounds == k_rounds);
  CHECK(contradictions == 0);
  INFO(renewals << " of " << rounds << " were renewed");
}

TEST_CASE("of heartbeats that race the latest deadline stays") {
  Lease lease(k_granted, 15s);
  constexpr int k_threads = 4;
  constexpr int k_heartbeats = 5000;
  std::barrier start(k_threads);
  std::atomic<int> refused{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < k_threads; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      LeaseTime seen{};
      for (int i = 0; i < k_heartbeats; ++i) {
        const LeaseTime now = k_granted + std::chrono::milliseconds(i) + std::chrono::microseconds(t);
        if (!lease.renew(now, 15s)) ++refused;
        const LeaseTime end = lease.expires_at();
        if (end < seen || end < now + 15s) ++refused;
        seen = end;
      }
    });
  }
  threads.clear();
  CHECK(refused == 0);
  CHECK(lease.expires_at() == k_granted + std::chrono::milliseconds(k_heartbeats) + 15s);
}

}  // namespace
}  // namespace rollcall::registry
