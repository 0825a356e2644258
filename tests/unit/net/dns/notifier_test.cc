// NOTIFY as a secondary hears it. A secondary that never answers is the clock of those that do: when it has been told the
// last time, what another one was due has been sent.
#include "net/dns/notifier.h"

#include <optional>
#include <string>

#include "base/rcu.h"
#include "catch.h"
#include "dns/types.h"
#include "unit/answer/world.h"
#include "unit/net/dns/listener.h"

namespace rollcall::net {
namespace {

using namespace std::chrono_literals;
using answer::testing::k_zone_text;

constexpr registry::ZoneId k_web{0};
constexpr registry::ZoneId k_lab{1};
constexpr std::uint16_t k_flags = 0x2400;  // opcode 4, AA

using testing::Listener;
using testing::Octets;

struct NotifyWorld {
  explicit NotifyWorld(NotifyPace pace, std::optional<dns::TsigKey> key = std::nullopt)
      : notifier(loop, zones, {{k_web, secondary.endpoint(), std::move(key)}, {k_lab, silent.endpoint(), {}}},
                 {*IpEndpoint::parse("127.0.0.1:5300")}, pace) {}
  ~NotifyWorld() { loop.stop(); }
  void start() {
    notifier.start();
    loop.start("notify");
  }
  // The silent one has been told as often as it ever is.
  void wait_for_the_silent_one() {
    for (int i = 0; i < limits::k_notify_tries_max; ++i) silent.hear();
  }

  Listener secondary;  // of the first zone
  Listener silent;     // of the second
  answer::Zones zones{answer::testing::make_zones(k_zone_text, {})};
  EventLoop loop;
  Notifier notifier;
};

std::uint32_t serial_of(const Octets& message) { return load_u32(message.data() + message.size() - 20); }

TEST_CASE("at the start a secondary is told of its zone, with the SOA as a hint") {
  NotifyWorld world({.interval = 1h, .patience = 1ms});
  world.zones.set_serial(k_web, 77);
  world.start();
  const Octets heard = world.secondary.hear_and_confirm();
  CHECK(load_u16(heard.data() + 2) == k_flags);
  CHECK(load_u16(heard.data() + 4) == 1);
  CHECK(load_u16(heard.data() + 6) == 1);
  const std::string name("\3svc\10internal\0\0\6\0\1", 18);
  CHECK(std::string(heard.begin() + 12, heard.begin() + 30) == name);
  CHECK(serial_of(heard) == 77);
}

TEST_CASE("a secondary that says nothing is told again, with another id, and given up after some tries") {
  NotifyWorld world({.interval = 1ms, .patience = 2ms});
  world.start();
  Octets before = world.secondary.hear();
  for (int i = 1; i < limits::k_notify_tries_max; ++i) {
    const Octets again = world.secondary.hear();
    CHECK(Octets(again.begin() + 2, again.end()) == Octets(before.begin() + 2, before.end()));
    before = again;
  }
  // Nothing but news begins anew; these have the new serial at once.
  world.zones.set_serial(k_web, 4711);
  world.notifier.notify(k_web);
  CHECK(serial_of(world.secondary.hear()) == 4711);
}

TEST_CASE("a secondary that has answered is left alone until there is news") {
  NotifyWorld world({.interval = 1ms, .patience = 50ms});
  world.start();
  world.secondary.hear_and_confirm();
  world.wait_for_the_silent_one();
  CHECK_FALSE(world.secondary.has_heard_more());
  world.zones.set_serial(k_web, 4711);
  world.notifier.notify(k_web);
  CHECK(serial_of(world.secondary.hear_and_confirm()) == 4711);
}

TEST_CASE("news that come together are told together, once the interval has passed") {
  NotifyWorld world({.interval = 10ms, .patience = 50ms});
  world.start();
  world.secondary.hear_and_confirm();
  world.loop.post([&] {  // all at once, as the loop sees it
    for (dns::Serial serial = 100; serial <= 200; ++serial) {
      world.zones.set_serial(k_web, serial);
      world.notifier.notify(k_web);
    }
  });
  CHECK(serial_of(world.secondary.hear_and_confirm()) == 200);
  world.wait_for_the_silent_one();
  CHECK_FALSE(world.secondary.has_heard_more());
}

TEST_CASE("news soon after an answer wait for the interval") {
  NotifyWorld world({.interval = 1h, .patience = 10ms});
  world.start();
  world.secondary.hear_and_confirm();
  world.notifier.notify(k_web);
  world.wait_for_the_silent_one();
  CHECK_FALSE(world.secondary.has_heard_more());
}

TEST_CASE("only the reply to what was said is one: its id, QR and opcode") {
  NotifyWorld world({.interval = 1h, .patience = 100ms});
  world.start();
  const Octets heard = world.secondary.hear();
  Octets reply(heard.begin(), heard.begin() + 12);
  reply[2] |= 0x80U;
  Octets other_id = reply;
  other_id[0] ^= 1U;
  Octets other_opcode = reply;
  other_opcode[2] = 0x84;
  const Octets cut(reply.begin(), reply.begin() + 11);
  for (const Octets& wrong : {other_id, other_opcode, heard, cut}) world.secondary.say(wrong);
  world.secondary.hear();  // told again: nobody has answered
}

TEST_CASE("whatever a secondary answers, it has heard") {
  NotifyWorld world({.interval = 1ms, .patience = 50ms});
  world.start();
  const Octets heard = world.secondary.hear();
  Octets reply(heard.begin(), heard.begin() + 12);
  reply[2] |= 0x80U;
  reply[3] = 9;  // NOTAUTH
  world.secondary.say(reply);
  world.wait_for_the_silent_one();
  CHECK_FALSE(world.secondary.has_heard_more());
}

TEST_CASE("news of another zone are none of a secondary's") {
  NotifyWorld world({.interval = 1ms, .patience = 10ms});
  world.start();
  world.secondary.hear_and_confirm();
  world.wait_for_the_silent_one();
  world.notifier.notify(k_lab);
  world.wait_for_the_silent_one();
  CHECK_FALSE(world.secondary.has_heard_more());
}

TEST_CASE("with a key what is said is signed") {
  NotifyWorld world({.interval = 1h, .patience = 1h},
                    dns::TsigKey{*dns::Name::parse("transfer"), dns::TsigAlgorithm::hmac_sha256, "secret"});
  world.start();
  const Octets heard = world.secondary.hear_and_confirm();
  CHECK(load_u16(heard.data() + 10) == 1);
  CHECK(std::string(heard.begin(), heard.end()).find("\10transfer") != std::string::npos);
}

}  // namespace
}  // namespace rollcall::net
