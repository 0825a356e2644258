// A zone's journal: what is sent to whom.
#include "answer/transfer/transfer_zone.h"

#include <malloc.h>
#include <string>
#include <vector>

#include "catch.h"
#include "dns/name.h"

namespace rollcall::answer {
namespace {

constexpr std::size_t k_journal = 1 << 20;

std::string record(const std::string& owner, std::uint8_t last, std::uint32_t ttl = 1) {
  const std::vector<std::uint8_t> address{192, 0, 2, last};
  return make_wire_record(dns::Name::parse(owner)->wire(), dns::Type::a, ttl, address);
}
RecordSet soa_of(std::uint8_t serial) { return RecordSet({record("z.test", serial)}); }  // any one record will do

// Each part as its records' TTLs and last octets: "1/7".
std::vector<std::string> texts(const TransferParts& parts) {
  std::vector<std::string> all;
  for (const SharedRecords& part : parts) {
    std::string text;
    for (std::size_t i = 0; i < part->size(); ++i) {
      const WireRecord octets = (*part)[i];
      if (!text.empty()) text += ' ';
      text += std::to_string(static_cast<std::uint8_t>(octets.back()));
    }
    all.push_back(text);
  }
  return all;
}
using Texts = std::vector<std::string>;

TEST_CASE("a record set is sorted and has no repeats") {
  const RecordSet set({record("b.test", 2), record("a.test", 1), record("b.test", 2)});
  REQUIRE(set.size() == 2);
  CHECK(set[0] == record("a.test", 1));
  CHECK(set[1] == record("b.test", 2));
}

TEST_CASE("a changed TTL is a record removed and a record added") {
  const RecordSet before({record("a.test", 1, 60)});
  const RecordSet now({record("a.test", 1, 30)});
  std::vector<WireRecord> removed;
  std::vector<WireRecord> added;
  append_difference(&before, &now, removed, added);
  CHECK(removed.size() == 1);
  CHECK(added.size() == 1);
}

// Serials 1, 2, 3: web has the addresses 101; 101 and 102; 102 and 103. The set of the file stays.
class Example : public TransferZone {
 public:
  explicit Example(std::size_t journal_bytes) : TransferZone(journal_bytes) {
    put("", RecordSet({record("ns.z.test", 53)}));
    put("web", RecordSet({record("web.z.test", 101)}));
    publish(1, soa_of(1));
    put("web", RecordSet({record("web.z.test", 101), record("web.z.test", 102)}));
    publish(2, soa_of(2));
    put("web", RecordSet({record("web.z.test", 102), record("web.z.test", 103)}));
    publish(3, soa_of(3));
  }
};

TEST_CASE("a whole zone begins and ends with its SOA") {
  CHECK(texts(Example(k_journal).axfr()) == Texts{"3", "53", "102 103", "3"});
}

TEST_CASE("a client one step behind gets that step") {
  CHECK(texts(Example(k_journal).ixfr(2)) == Texts{"3", "2", "101", "3", "103", "3"});
}

TEST_CASE("several steps are sent as one") {
  // 101 goes, 102 and 103 come.
  CHECK(texts(Example(k_journal).ixfr(1)) == Texts{"3", "1", "101", "3", "102 103", "3"});
}

TEST_CASE("what came and went between two serials is not sent") {
  Example zone(k_journal);
  zone.put("db", RecordSet({record("db.z.test", 9)}));
  zone.publish(4, soa_of(4));
  zone.put("db", RecordSet());
  zone.publish(5, soa_of(5));
  CHECK(texts(zone.ixfr(3)) == Texts{"5", "3", "", "5", "", "5"});
  CHECK(texts(zone.axfr()) == Texts{"5", "53", "102 103", "5"});
}

TEST_CASE("a client that is up to date, or ahead, gets the SOA alone") {
  const Example zone(k_journal);
  CHECK(texts(zone.ixfr(3)) == Texts{"3"});
  CHECK(texts(zone.ixfr(4)) == Texts{"3"});
}

TEST_CASE("a client older than the journal gets the zone") {
  CHECK(texts(Example(k_journal).ixfr(0)) == Texts{"3", "53", "102 103", "3"});
}

TEST_CASE("the journal keeps no more octets than it may") {
  const std::size_t two_steps = Example(k_journal).journal_bytes();
  const Example zone(two_steps - 1);
  CHECK(zone.journal_bytes() < two_steps);
  CHECK(texts(zone.ixfr(1)) == Texts{"3", "53", "102 103", "3"});
  CHECK(texts(zone.ixfr(2)).size() == 6);
  CHECK(Example(0).journal_bytes() == 0);
}

TEST_CASE("a difference larger than the zone is sent as the zone") {
  TransferZone zone(k_journal);
  std::vector<std::string> many;
  for (std::uint8_t i = 0; i < 100; ++i) many.push_back(record("web.z.test", i));
  zone.put("web", RecordSet(many));
  zone.publish(1, soa_of(1));
  zone.put("web", RecordSet({record("web.z.test", 200)}));
  zone.publish(2, soa_of(2));
  CHECK(texts(zone.ixfr(1)) == Texts{"2", "200", "2"});
}

TEST_CASE("a transfer under way is of the serial it began with") {
  Example zone(k_journal);
  const TransferParts parts = zone.axfr();
  zone.put("web", RecordSet());
  zone.publish(4, soa_of(4));
  CHECK(texts(parts) == Texts{"3", "53", "102 103", "3"});
  CHECK(texts(zone.axfr()) == Texts{"4", "53", "4"});
}

TEST_CASE("what is put again as it was is no change") {
  Example zone(k_journal);
  zone.put("web", RecordSet({record("web.z.test", 103), record("web.z.test", 102)}));
  CHECK_FALSE(zone.has_changes());
}

TEST_CASE("a set that is put again unchanged stays the one that is shown") {
  Example zone(k_journal);
  const SharedRecords shown = zone.axfr()[2];
  zone.put("web", RecordSet({record("web.z.test", 102), record("web.z.test", 103)}));
  zone.put("zone", RecordSet({record("zone.z.test", 1)}));
  zone.publish(4, soa_of(4));
  CHECK(zone.axfr()[2] == shown);
}

TEST_CASE("changes that alter no record keep nothing, however many come before the next step") {
  const auto allocated = [] {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  std::vector<std::string> many;
  for (std::uint8_t i = 0; i < 200; ++i) many.push_back(record("web.z.test", i));
  TransferZone zone(k_journal);
  zone.put("web", RecordSet(many));
  zone.publish(1, soa_of(1));
  const std::size_t before = allocated();
  for (int i = 0; i < 1'000; ++i) zone.put("web", RecordSet(many));
  CHECK(allocated() < before + 100 * RecordSet(many).memory_bytes());
}

TEST_CASE("steps that change no record have their bound in the journal too") {
  Example zone(k_journal);
  const std::size_t before = zone.journal_bytes();
  zone.publish(4, soa_of(4));
  CHECK(zone.journal_bytes() > before);
  constexpr int k_steps = 20'000;
  for (int i = 0; i < k_steps; ++i) zone.publish(static_cast<dns::Serial>(5 + i), soa_of(4));
  CHECK(zone.journal_bytes() <= k_journal);
}

}  // namespace
}  // namespace rollcall::answer
