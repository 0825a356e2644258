#include "answer/rate_limit.h"

#include <array>
#include <chrono>
#include <string>

#include "catch.h"

namespace rollcall::answer {
namespace {

using namespace std::chrono_literals;
using Verdict = RateLimiter::Verdict;

constexpr SipHashKey k_seed{1, 2, 3};

struct Asking {
  RateLimit limit{.rate = 10};
  RateLimiter limiter{k_seed};
  registry::LeaseTime now{1h};

  Verdict ask(std::string_view client, AnswerKind kind = AnswerKind::positive) {
    return limiter.judge(limit, IpAddress::parse(client).value(), kind, now);
  }
  // How many of `count` are sent.
  int sent(int count, std::string_view client, AnswerKind kind = AnswerKind::positive) {
    int total = 0;
    for (int i = 0; i < count; ++i) total += ask(client, kind) == Verdict::send ? 1 : 0;
    return total;
  }
};

TEST_CASE("a network has its rate at once, and nothing beyond it") {
  Asking asking;
  CHECK(asking.sent(100, "192.0.2.1") == 10);
}

TEST_CASE("a bucket refills with time, up to one second's worth") {
  Asking asking;
  CHECK(asking.sent(100, "192.0.2.1") == 10);
  asking.now += 99ms;
  CHECK(asking.sent(100, "192.0.2.1") == 0);
  asking.now += 1ms;
  CHECK(asking.sent(100, "192.0.2.1") == 1);
  asking.now += 500ms;
  CHECK(asking.sent(100, "192.0.2.1") == 5);
  asking.now += 1h;
  CHECK(asking.sent(100, "192.0.2.1") == 10);
}

TEST_CASE("a client that keeps to the rate is never limited") {
  Asking asking;
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(asking.ask("192.0.2.1") == Verdict::send);
    asking.now += 100ms;
  }
}

TEST_CASE("clients of one network share, those of others do not") {
  Asking asking;
  CHECK(asking.sent(10, "192.0.2.1") == 10);
  CHECK(asking.sent(10, "192.0.2.254") == 0);
  CHECK(asking.sent(10, "192.0.3.1") == 10);
  CHECK(asking.sent(10, "2001:db8::1") == 10);
  CHECK(asking.sent(10, "2001:db8:0:ff::1") == 0);
  CHECK(asking.sent(10, "2001:db8:0:100::1") == 10);
}

TEST_CASE("how large a network is can be chosen") {
  Asking asking;
  asking.limit.ipv4_prefix = 32;
  asking.limit.ipv6_prefix = 128;
  CHECK(asking.sent(10, "192.0.2.1") == 10);
  CHECK(asking.sent(10, "192.0.2.2") == 10);
  CHECK(asking.sent(10, "2001:db8::1") == 10);
  CHECK(asking.sent(10, "2001:db8::2") == 10);
}

TEST_CASE("each kind of answer has a bucket of its own") {
  Asking asking;
  CHECK(asking.sent(100, "192.0.2.1", AnswerKind::error) == 10);
  CHECK(asking.sent(100, "192.0.2.1", AnswerKind::negative) == 10);
  CHECK(asking.sent(100, "192.0.2.1", AnswerKind::positive) == 10);
}

TEST_CASE("what slips through is every answer, every n-th, or none") {
  const std::uint32_t slip = GENERATE(0U, 1U, 2U, 10U);
  Asking asking;
  asking.limit.slip = slip;
  CHECK(asking.sent(10, "192.0.2.1") == 10);
  int cut = 0;
  for (int i = 0; i < 100; ++i) {
    const Verdict verdict = asking.ask("192.0.2.1");
    REQUIRE(verdict != Verdict::send);
    cut += verdict == Verdict::cut ? 1 : 0;
  }
  CHECK(cut == (slip == 0 ? 0 : 100 / static_cast<int>(slip)));
}

TEST_CASE("loopback and exempt networks are not counted, and without a rate nobody is") {
  Asking asking;
  CHECK(asking.sent(100, "127.0.0.1") == 100);
  CHECK(asking.sent(100, "::1") == 100);
  asking.limit.counts_loopback = true;
  CHECK(asking.sent(100, "127.0.0.1") == 10);
  const std::array exempt{*IpPrefix::parse("198.51.100.0/25")};
  asking.limit.exempt = IpPrefixSet(exempt);
  CHECK(asking.sent(100, "198.51.100.1") == 100);
  CHECK(asking.sent(100, "198.51.100.200") == 10);
  asking.limit.rate = 0;
  CHECK(asking.sent(100, "192.0.2.1") == 100);
}

TEST_CASE("more networks than there are buckets do not set free the one that asks on") {
  Asking asking;
  CHECK(asking.sent(10, "192.0.2.1") == 10);
  int sent = 0;
  for (unsigned i = 0; i < 4 * limits::k_rate_limit_entries; ++i) {
    const std::array<std::uint8_t, 4> network{static_cast<std::uint8_t>(100 + (i >> 16)),
                                              static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i), 1};
    static_cast<void>(asking.limiter.judge(asking.limit, IpAddress::v4(network), AnswerKind::positive, asking.now));
    if (i % 64 == 0) sent += asking.sent(1, "192.0.2.1");
  }
  CHECK(sent == 0);  // its bucket is the emptiest of its row, and is given up last
}

}  // namespace
}  // namespace rollcall::answer
