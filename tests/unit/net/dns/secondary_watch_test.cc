// What a primary learns of its secondaries' serials. That a question comes shows that the answer to the one before was noted.
#include "net/dns/secondary_watch.h"

#include <map>
#include <string>
#include <vector>

#include "catch.h"
#include "dns/types.h"
#include "unit/answer/world.h"
#include "unit/net/dns/listener.h"

namespace rollcall::net {
namespace {

using namespace std::chrono_literals;
using testing::Listener;
using testing::Octets;

constexpr registry::ZoneId k_first{0};
constexpr registry::ZoneId k_second{1};
constexpr dns::Serial k_ours = 1'000;
constexpr std::uint8_t k_servfail = 2;

class Scrape final : public MetricsSink {
 public:
  using MetricsSink::counter;
  using MetricsSink::gauge;
  using MetricsSink::histogram;
  void counter(std::string, std::string, const std::vector<Sample>&) override {}
  void histogram(std::string, std::string, const std::vector<HistogramSample>&) override {}
  void gauge(std::string name, std::string, const std::vector<Sample>& samples) override {
    name.erase(0, std::string_view("rollcall_secondary_").size());
    for (const Sample& sample : samples) rows[name][sample.labels.front().second] = sample.value;
  }
  std::map<std::string, std::map<std::string, double>> rows;
};

// The question, and an SOA of this serial.
Octets soa_reply(const Octets& question, dns::Serial serial) {
  Octets reply = question;
  reply[2] |= 0x84U;
  reply[7] = 1;
  const auto add = [&](std::initializer_list<unsigned> octets) {
    for (const unsigned octet : octets) reply.push_back(static_cast<std::uint8_t>(octet));
  };
  add({0xC0, 12, 0, 6, 0, 1, 0, 0, 0, 1, 0, 24, 0xC0, 12, 0xC0, 12});
  for (const dns::Serial number : {serial, 1U, 2U, 3U, 4U}) {
    add({number >> 24, number >> 16 & 255U, number >> 8 & 255U, number & 255U});
  }
  return reply;
}

struct WatchWorld {
  // `patience`: long where the test answers, however slow the machine is.
  explicit WatchWorld(std::chrono::milliseconds patience = 1h, bool has_two_zones = false)
      : watch(loop, zones, secondaries(has_two_zones), {1ms, patience}) {
    zones.set_serial(k_first, k_ours);
    zones.set_serial(k_second, k_ours);
    watch.start();
    loop.start("watch");
  }
  ~WatchWorld() { loop.stop(); }

  [[nodiscard]] std::vector<Secondary> secondaries(bool has_two_zones) const {
    std::vector<Secondary> all{{k_first, secondary.endpoint(), {}}};
    if (has_two_zones) all.push_back({k_second, secondary.endpoint(), {}});
    return all;
  }
  void tell(dns::Serial serial) {
    secondary.say(soa_reply(secondary.hear(), serial));
    question = secondary.hear();  // to be answered by the test, or not
  }
  [[nodiscard]] double row(const std::string& metric) {
    Scrape page;
    watch.put_metrics(page);
    return page.rows.at(metric).at(secondary.endpoint().text());
  }

  Listener secondary;
  Octets question;
  answer::Zones zones{answer::testing::make_zones(answer::testing::k_zone_text, {})};
  EventLoop loop;
  SecondaryWatch watch;
};

TEST_CASE("a secondary is asked for the SOA of its zone, without recursion") {
  WatchWorld world;
  const Octets heard = world.secondary.hear();
  const std::string rest("\0\0\0\1\0\0\0\0\0\0\3svc\10internal\0\0\6\0\1", 28);
  CHECK(std::string(heard.begin() + 2, heard.end()) == rest);
}

TEST_CASE("a secondary that has the serial is behind by nothing") {
  WatchWorld world;
  world.tell(k_ours);
  CHECK(world.row("tells_serial") == 1);
  CHECK(world.row("serial_lag") == 0);
  CHECK(world.row("behind_seconds") == 0);
}

TEST_CASE("a secondary with an older serial is behind, also over the wrap-around, and catches up") {
  WatchWorld world;
  world.tell(k_ours - 1'001);
  CHECK(world.row("serial_lag") == 1'001);
  CHECK(world.row("behind_seconds") > 0);
  world.secondary.say(soa_reply(world.question, k_ours));
  world.tell(k_ours);
  CHECK(world.row("serial_lag") == 0);
  CHECK(world.row("behind_seconds") == 0);
}

TEST_CASE("a secondary that was asked just before a change is not behind") {
  WatchWorld world;
  world.tell(k_ours + 1);
  CHECK(world.row("serial_lag") == 0);
  CHECK(world.row("behind_seconds") == 0);
}

TEST_CASE(
    "who follows a zone that changes all the time is steps behind, and the time begins anew with each it has made") {
  WatchWorld world;
  world.tell(k_ours - 2);
  const double before = world.row("behind_seconds");
  // It stays where it is: the time goes on.
  world.secondary.say(soa_reply(world.question, k_ours - 2));
  world.tell(k_ours - 2);
  CHECK(world.row("behind_seconds") > before);
  // It has reached what it was behind, while the zone has gone on.
  world.zones.set_serial(k_first, k_ours + 50);
  world.secondary.say(soa_reply(world.question, k_ours - 2));
  const double stuck = world.row("behind_seconds");
  world.tell(k_ours);
  CHECK(world.row("serial_lag") == 50);
  CHECK(world.row("behind_seconds") > 0);
  CHECK(stuck > 0);
}

TEST_CASE("a secondary that does not answer, or with another message, tells no serial") {
  WatchWorld world(1ms);
  const Octets first = world.secondary.hear();
  SECTION("silence") {}
  SECTION("another id") {
    Octets reply = soa_reply(first, k_ours);
    reply[0] ^= 1U;
    world.secondary.say(reply);
  }
  SECTION("SERVFAIL: its zone has expired") {
    Octets reply = first;
    reply[2] |= 0x80U;
    reply[3] = k_servfail;
    world.secondary.say(reply);
  }
  SECTION("an answer without an SOA") {
    Octets reply = first;
    reply[2] |= 0x84U;
    world.secondary.say(reply);
  }
  SECTION("an answer that is cut") {
    Octets reply = soa_reply(first, k_ours);
    reply.resize(reply.size() - 1);
    world.secondary.say(reply);
  }
  world.secondary.hear();
  CHECK(world.row("tells_serial") == 0);
}

TEST_CASE("of a secondary's zones the one that is furthest behind counts") {
  WatchWorld world(1h, true);
  for (int i = 0; i < 8; ++i) {
    const Octets question = world.secondary.hear();
    const bool is_first = question[13] == 's';  // svc.internal
    world.secondary.say(soa_reply(question, is_first ? k_ours : k_ours - 7));
  }
  CHECK(world.row("tells_serial") == 1);
  CHECK(world.row("serial_lag") == 7);
}

}  // namespace
}  // namespace rollcall::net
