#include <algorithm>
#include <string>
#include <vector>

#include "answer/responder.h"
#include "answer/roster/roster.h"
#include "dns/rdata_check.h"
#include "dns/zone_file.h"
#include "fuzz/check_reply.h"
#include "fuzz/targets.h"

namespace rollcall::fuzz {
namespace {

using dns::Type;

constexpr std::size_t k_records_asked_max = 16;  // of one zone: it is the file that varies, not the questions

// What the zone is asked, and holds the server to its answers.
class Asker {
 public:
  explicit Asker(answer::StaticZone zone) : zones_(one(std::move(zone))), roster_(zones_, &no_policy) {}

  void ask(const dns::Name& name, Type type) {
    std::vector<std::uint8_t> query{0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    query.insert(query.end(), name.wire().begin(), name.wire().end());
    const auto number = static_cast<std::uint16_t>(type);
    query.insert(query.end(), {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number), 0, 1});
    for (const auto transport : {answer::Transport::udp, answer::Transport::tcp}) {
      const bool is_udp = transport == answer::Transport::udp;
      const std::size_t size = responder_
                                   .respond(query, transport, registry::LeaseTime{},
                                            WritableBytes(room_).first(is_udp ? 512 : room_.size()), worker_)
                                   .bytes;
      expect(size > 0, "a query is answered");
      check_reply(query, Bytes(room_).first(size), {is_udp, 512});
    }
  }

 private:
  static std::vector<answer::Zone> one(answer::StaticZone zone) {
    std::vector<answer::Zone> zones;
    zones.push_back({.id = {}, .records = std::move(zone), .policy = {}, .apex_labels = 0});
    return zones;
  }
  static answer::AnswerPolicy no_policy(const registry::ServiceRef&) { return {}; }

  answer::Zones zones_;
  answer::Roster roster_;
  answer::Responder responder_{zones_, roster_, {.udp_payload = 512}};
  answer::WorkerState worker_;
  std::vector<std::uint8_t> room_ = std::vector<std::uint8_t>(65535);
};

void expect_sound(const dns::Record& record) {
  expect(record.ttl < 0x8000'0000U, "a TTL is below 2^31");
  expect(record.rdata.size() <= 65535, "RDATA has a length of two octets");
  const std::string text = dns::rdata_text(record.type, record.rdata);
  const auto again = dns::parse_rdata(record.type, text);
  expect(again && *again == record.rdata, "RDATA that is written is read back as it was: " + text);
  expect(dns::check_rdata(record.type, record.rdata).has_value(), "RDATA is of its type: " + text);
}

// Questions about every record, its parent and a child of it.
void ask_about(Asker& asker, const dns::Record& record) {
  asker.ask(record.owner, record.type);
  asker.ask(record.owner, Type::any);
  asker.ask(record.owner, Type::a);
  if (const auto below = dns::Name::join("x", record.owner)) asker.ask(*below, Type::a);
}

}  // namespace

void zone(Bytes input) {
  const dns::Name apex = *dns::Name::parse("c.test.");
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  auto file = dns::parse_zone(text, apex, "fuzz");
  if (!file) return expect(!file.error().message.empty(), "a mistake is told");
  for (const dns::Record& record : file->records) {
    expect(record.owner.is_within(apex), "records are in the zone");
    expect_sound(record);
  }
  const std::vector<dns::Record> records(
      file->records.begin(),
      file->records.begin() + static_cast<std::ptrdiff_t>(std::min(file->records.size(), k_records_asked_max)));
  auto zone = answer::StaticZone::build(std::move(*file));
  if (!zone) return expect(!zone.error().message.empty(), "a mistake is told");
  Asker asker(std::move(*zone));
  asker.ask(apex, Type::soa);
  for (const dns::Record& record : records) ask_about(asker, record);
}

}  // namespace rollcall::fuzz
