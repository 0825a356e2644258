#include "support/roll/random_record.h"

#include <array>
#include <string>
#include <string_view>

#include "base/check.h"
#include "health/plan_json.h"
#include "registry/instance/registration.h"
#include "registry/instance/standing.h"

namespace rollcall::cluster::testing {
namespace {

using registry::Door;
using registry::LeaseKind;
using registry::Registration;
using std::chrono::milliseconds;

constexpr std::string_view k_plans[] = {
    "{}", R"({"checks":[{"type":"http","path":"/health","interval":"3s","timeout":"500ms"}],"initial":"critical"})",
    R"({"checks":[{"type":"tcp"},{"type":"dns","name":"a.test.","qtype":"SOA"}],"rise":2,"fall":3})",
    R"({"probe":"tcp","renew_on_probe":true})", R"({"probe":"http:/up","evict_on_refusal":true})"};
// Characters of one to four octets, and those that JSON must escape.
constexpr std::string_view k_pieces[] = {"a", "Z", "7", "-", ".", "\"", "\\", "ü", "\n", "€", "\xF0\x9F\x98\x80",
                                         "{", " "};
constexpr std::string_view k_attributes[] = {R"({"a":[1,2,{"b":null}]})", R"({ "spaced" : 1.50 })", R"({"x":1,"x":2})",
                                             R"({"text":"\u00fc\n"})", "{}"};

bool one_in(Random& random, std::uint32_t n) { return random.below(n) == 0; }

std::string plain_text(Random& random, std::size_t max) {
  std::string text(1 + random.below(static_cast<std::uint32_t>(max)), 'x');
  for (char& c : text) c = "abcdefghijklmnopqrstuvwxyz0123456789"[random.below(36)];
  return text;
}
std::string any_text(Random& random, std::size_t pieces) {
  std::string text;
  for (std::uint32_t left = random.below(static_cast<std::uint32_t>(pieces)); left > 0; --left) {
    text += k_pieces[random.below(std::size(k_pieces))];
  }
  return text;
}
std::string free_id(Random& random) {
  std::string id = any_text(random, 20) + "i";
  std::erase(id, '\n');
  return id;
}

registry::WallTime random_time(Random& random) {
  return registry::WallTime(
      milliseconds(random.next() % static_cast<std::uint64_t>(limits::k_stored_time_max.count())));
}

void draw_texts(Random& random, bool is_native, Registration& draft) {
  for (std::uint32_t left = random.below(5); left > 0; --left) {
    draft.tags.push_back(is_native ? plain_text(random, 12) : any_text(random, 30));
  }
  for (std::uint32_t left = random.below(6); left > 0; --left) {
    draft.meta.emplace_back(plain_text(random, 6) + std::to_string(left), any_text(random, 20));
  }
}

void draw_lease(Random& random, bool is_native, Registration& draft) {
  draft.ttl = milliseconds(1'000 + random.below(86'399'000));
  if (one_in(random, 5)) {
    draft.lease = LeaseKind::none;
    if (one_in(random, 2)) draft.ttl = {};
  } else if (!is_native && one_in(random, 2)) {
    draft.lease = LeaseKind::turns_critical;
    draft.lease_check = any_text(random, 10) + "c";
  }
}

Registration draw_registration(Random& random) {
  Registration draft;
  draft.door = static_cast<Door>(random.below(3));
  const bool is_native = draft.door == Door::native;
  draft.key.service = {registry::ZoneId{3}, plain_text(random, 10)};
  draft.key.id = is_native && one_in(random, 2) ? plain_text(random, 20) + "-A" : free_id(random);
  if (is_native) std::erase_if(draft.key.id, [](char c) { return c == ' '; });
  for (std::uint32_t left = random.below(4) + (is_native ? 1 : 0); left > 0; --left) {
    std::array<std::uint8_t, 16> bytes{0x20, 1, 0xd, 0xb8};
    for (std::size_t i = 4; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(random.below(256));
    draft.addresses.push_back(one_in(random, 2) ? IpAddress::v6(bytes)
                                                : IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, bytes[5]}));
  }
  draft.port = static_cast<std::uint16_t>(random.below(65'536));
  draft.protocol = static_cast<registry::Protocol>(random.below(2));
  draft.priority = static_cast<std::uint16_t>(one_in(random, 2) ? 1 : random.below(65'536));
  draft.weight = static_cast<std::uint16_t>(one_in(random, 2) ? 1 : random.below(65'536));
  draw_texts(random, is_native, draft);
  draw_lease(random, is_native, draft);
  draft.health = *health::parse_plan(k_plans[random.below(std::size(k_plans))]);
  if (!is_native && one_in(random, 2)) draft.host = plain_text(random, 20) + ".test";
  if (!is_native && one_in(random, 2)) draft.attributes = k_attributes[random.below(std::size(k_attributes))];
  auto settled =
      registry::normalise(std::move(draft), {.min = milliseconds(1)}, 20, registry::rules_of_row(draft.door));
  check(settled.has_value(), "what is drawn keeps the rules");
  return *settled;
}

registry::Standing draw_standing(Random& random, const Registration& registration) {
  registry::Standing standing(registry::Status::ready, random_time(random));
  standing.is_draining = one_in(random, 4);
  if (one_in(random, 3)) {
    standing.set_plan_result(true, registration.health.has_checks() ? any_text(random, 30) : "", random_time(random));
  }
  for (std::uint32_t left = random.below(4); left > 0; --left) {
    health::CheckResult result{.id = any_text(random, 8) + std::to_string(left),
                               .name = any_text(random, 8),
                               .kind = static_cast<health::CheckKind>(random.below(5)),
                               .status = static_cast<health::CheckStatus>(random.below(3)),
                               .since = random_time(random),
                               .output = any_text(random, 60),
                               .ends_after = milliseconds(one_in(random, 2) ? 0 : random.below(1'000'000))};
    standing.checks.push_back(std::move(result));
  }
  return standing;
}

}  // namespace

registry::InstanceRecord random_record(Random& random) {
  registry::InstanceRecord record{.registration = draw_registration(random), .registered_at = random_time(random)};
  record.standing = draw_standing(random, record.registration);
  if (one_in(random, 3)) record.standing.since = record.registered_at;
  return record;
}

}  // namespace rollcall::cluster::testing
