#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "answer/responder.h"
#include "answer/roster.h"
#include "fuzz/check_reply.h"
#include "fuzz/readable.h"
#include "fuzz/targets.h"
#include "registry/registration.h"
#include "registry/registry.h"

namespace rollcall::fuzz {
namespace {

using namespace std::chrono_literals;

class ObedientJournal final : public registry::Journal {
 public:
  Result<void> record(const registry::Transaction&) override { return {}; }
};

dns::Name apex() { return *dns::Name::parse("c.test."); }

std::vector<answer::Zone> zones() {
  auto records = answer::StaticZone::load(ROLLCALL_SOURCE_DIR "/tests/conformance/c.test.zone", apex());
  expect(records.has_value(), "the zone of the conformance tests loads");
  std::vector<answer::Zone> all;
  all.push_back({.id = {}, .records = std::move(*records), .policy = {}, .apex_labels = 0});
  return all;
}

// The zone of the conformance tests, and a small roll: a service with everything, one too large for a datagram, one
// that has been left.
class World {
 public:
  World() {
    add("web", "i-1", {"192.0.2.101"}, 3600s);
    add("web", "i-2", {"192.0.2.102", "2001:db8::102"}, 100s, {"blue", "hot"}, registry::Protocol::udp);
    add("web", "An odd id?", {"2001:db8::103"}, 50s);
    for (int i = 0; i < 100; ++i) {
      add("fleet", "m-" + std::to_string(i), {"198.51.100." + std::to_string(i)}, std::chrono::seconds(10 + 2 * i));
    }
    add("brief", "i-1", {"192.0.2.104"}, 1s);
    add("left", "i-1", {"192.0.2.105"}, 3600s);
    const registry::Change gone = registry::Deregister{registry::InstanceKey{{registry::ZoneId{}, "left"}, "i-1"}};
    static_cast<void>(registry_.apply(std::span(&gone, 1), clock_, {}));
  }

  // The sweep is always late here: leases end under its eyes.
  [[nodiscard]] registry::LeaseTime after(std::uint8_t steps) const { return clock_.now() + steps * 500ms; }

  [[nodiscard]] const answer::Zones& zones() const { return zones_; }
  [[nodiscard]] const answer::Roster& roster() const { return roster_; }

 private:
  void add(std::string service, std::string id, const std::vector<std::string>& addresses, std::chrono::seconds lease,
           std::vector<std::string> tags = {}, registry::Protocol protocol = registry::Protocol::tcp) {
    registry::Registration draft;
    draft.key = {{{}, std::move(service)}, std::move(id)};
    for (const std::string& address : addresses) draft.addresses.push_back(*IpAddress::parse(address));
    draft.port = 8080;
    draft.protocol = protocol;
    draft.tags = std::move(tags);
    draft.ttl = lease;
    auto registration = registry::normalise(std::move(draft), {}, apex().wire().size());
    expect(registration.has_value(), "the roll's registrations are good");
    const registry::Change change = registry::Register{std::move(*registration)};
    expect(registry_.apply(std::span(&change, 1), clock_, {}).front().has_value(), "the roll takes them");
  }

  registry::ManualClock clock_;
  answer::Zones zones_{fuzz::zones()};
  answer::Roster roster_{zones_, [](const registry::ServiceRef&) { return answer::AnswerPolicy{}; }};
  ObedientJournal journal_;
  registry::Registry registry_{journal_, roster_, zones_, 1h};
};

}  // namespace

void query(Bytes input) {
  if (input.size() < 2) return;
  static const World& world = *new World;  // until the program ends: after RCU has
  static answer::WorkerState worker;
  static std::vector<std::uint8_t> room(65535);
  worker.random = Random(1);
  constexpr std::array<std::size_t, 4> k_payloads{512, 1232, 4096, 65535};
  const bool is_udp = (input[0] & 1) == 0;
  const std::size_t payload = k_payloads[input[0] >> 1 & 3];
  const answer::Responder responder(world.zones(), world.roster(), {.udp_payload = payload});
  const Bytes message = input.subspan(2);
  const std::size_t size =
      responder.respond(message, is_udp ? answer::Transport::udp : answer::Transport::tcp, world.after(input[1]),
                        WritableBytes(room).first(is_udp ? payload : room.size()), worker);
  if (size == 0) return expect_silence_was_due(message);
  const Bytes reply = Bytes(room).first(size);
  check_reply(message, reply, {is_udp, payload});
  expect(is_readable_by_ldns(reply), "ldns reads the answer");
}

}  // namespace rollcall::fuzz
