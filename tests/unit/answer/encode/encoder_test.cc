// From references to octets: what becomes of a set that does not fit, and where owners point.
#include "answer/encode/encoder.h"

#include <string>
#include <vector>

#include "catch.h"
#include "dns/record_reader.h"
#include "unit/answer/ask.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

// A question for TXT of `www.test`, sections to fill, and a message of so many octets.
struct Message {
  explicit Message(std::size_t room_bytes)
      : octets_of_query(query_of({.name = "www.test", .type = Type::txt})), room(room_bytes) {
    REQUIRE(dns::parse_query(octets_of_query, query) == dns::Parsed::query);
    reply.emplace(room, query, true, options);
    sections.clear(reply->out().left());
  }
  // One record of the set, `rdata_bytes` long.
  RRset& set_of(Type type, std::size_t records, std::size_t rdata_bytes) {
    RRset& set = *sets.emplace_back(std::make_unique<RRset>());
    set.type = type;
    for (std::size_t i = 0; i < records; ++i) set.rdatas.emplace_back(rdata_bytes, static_cast<char>('a' + i));
    return set;
  }
  bool encode() { return Encoder(*reply, sections, random, scratch).put(); }
  dns::MessageRecords records() {
    const std::size_t size = reply->finish(dns::Rcode::noerror, 1232);
    return dns::read_records(Bytes(room).first(size)).value();
  }

  std::vector<std::uint8_t> octets_of_query;
  std::vector<std::uint8_t> room;
  dns::Query query;
  Options options;
  std::optional<Reply> reply;
  SectionList sections;
  Random random{1};
  Scratch scratch;
  std::vector<std::unique_ptr<RRset>> sets;
};

const Owner k_current{.name = {}, .is_current = true};

TEST_CASE("a set of the answer that does not fit leaves its first records, with TC, and nothing follows it") {
  Message message(12 + 14 + 2 * (12 + 20) + 19);
  message.sections.add_static(Section::answer, k_current, {&message.set_of(Type::txt, 3, 20)}, 5, Fit::partly);
  message.sections.add_static(Section::additional, k_current, {&message.set_of(Type::a, 1, 4)}, 5, Fit::optional);
  CHECK(message.encode());
  CHECK(message.reply->is_truncated());
  const dns::MessageRecords records = message.records();
  CHECK(records.answer.size() == 2);
  CHECK(records.additional.empty());
}

TEST_CASE("an optional set that does not fit is left out whole, without TC, and a smaller one behind it is put") {
  Message message(12 + 14 + 100);
  message.sections.add_static(Section::additional, k_current, {&message.set_of(Type::a, 9, 4)}, 5, Fit::optional);
  message.sections.add_static(Section::additional, k_current, {&message.set_of(Type::aaaa, 1, 16)}, 5, Fit::optional);
  CHECK(message.encode());
  CHECK_FALSE(message.reply->is_truncated());
  const dns::MessageRecords records = message.records();
  REQUIRE(records.additional.size() == 1);
  CHECK(records.additional.front().type == Type::aaaa);
}

TEST_CASE("a required set that does not fit is left out whole, with TC; another required one is still put") {
  Message message(12 + 14 + 100);
  message.sections.add_static(Section::additional, k_current, {&message.set_of(Type::a, 9, 4)}, 5, Fit::required);
  message.sections.add_static(Section::additional, k_current, {&message.set_of(Type::aaaa, 1, 16)}, 5, Fit::required);
  message.sections.add_static(Section::additional, k_current, {&message.set_of(Type::a, 1, 4)}, 5, Fit::optional);
  CHECK(message.encode());
  CHECK(message.reply->is_truncated());
  CHECK(message.records().additional.size() == 1);
}

TEST_CASE("behind an alias the current name is its target, and its records carry a pointer to it") {
  Message message(512);
  const std::string target("\5other\4test\0", 12);
  message.sections.list(octets(target));
  message.sections.add(
      Section::answer,
      {.owner = k_current, .type = Type::cname, .ttl = 7, .is_alias = true, .rdata = message.sections.end_list(0)}, 1,
      12);
  message.sections.add_static(Section::answer, k_current, {&message.set_of(Type::txt, 1, 20)}, 5, Fit::partly);
  CHECK(message.encode());
  const dns::MessageRecords records = message.records();
  REQUIRE(records.answer.size() == 2);
  CHECK(records.answer.back().owner.text() == "other.test.");
  CHECK(records.answer.back().ttl == 5);
}

TEST_CASE("an alias that does not fit ends its chain") {
  Message message(12 + 14 + 12);
  const std::string target("\5other\4test\0", 12);
  message.sections.list(octets(target));
  message.sections.add(
      Section::answer,
      {.owner = k_current, .type = Type::cname, .ttl = 7, .is_alias = true, .rdata = message.sections.end_list(0)}, 1,
      12);
  CHECK_FALSE(message.encode());
  CHECK(message.reply->is_truncated());
  CHECK(message.records().answer.empty());
}

TEST_CASE("what is kept stays where it is, and there is room for as much as a message holds") {
  SectionList sections;
  sections.clear(65'535);
  const std::vector<std::uint8_t> first(100, 1);
  const Bytes kept = sections.keep(first);
  std::size_t bytes = kept.size();
  while (!sections.keep(first, first).empty()) bytes += 200;
  CHECK(bytes >= 65'535);
  CHECK(std::ranges::equal(kept, first));
  sections.clear(65'535);
  CHECK_FALSE(sections.keep(first).empty());
}

}  // namespace
}  // namespace rollcall::answer
