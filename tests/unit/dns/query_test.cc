#include "dns/query.h"

#include <initializer_list>
#include <vector>

#include "catch.h"

namespace rollcall::dns {
namespace {

using Octets = std::vector<std::uint8_t>;

struct Counts {
  std::uint8_t questions = 1;
  std::uint8_t answers = 0;
  std::uint8_t authorities = 0;
  std::uint8_t additionals = 0;
};

Octets message(const Counts& counts, std::initializer_list<Octets> parts, std::uint16_t flags = 0) {
  Octets octets{0xab, 0xcd, static_cast<std::uint8_t>(flags >> 8), static_cast<std::uint8_t>(flags)};
  for (const std::uint8_t count : {counts.questions, counts.answers, counts.authorities, counts.additionals}) {
    octets.insert(octets.end(), {0, count});
  }
  for (const Octets& part : parts) octets.insert(octets.end(), part.begin(), part.end());
  return octets;
}

const Octets k_question{3, 'W', 'w', 'w', 1, 'c', 0, 0, 33, 0, 1};
const Octets k_stray{1, 'x', 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};

Octets opt(std::uint16_t payload = 1232, std::uint8_t version = 0, std::uint8_t flags = 0, const Octets& rdata = {}) {
  Octets octets{0,     0, 41, static_cast<std::uint8_t>(payload >> 8), static_cast<std::uint8_t>(payload), 0, version,
                flags, 0, 0,  static_cast<std::uint8_t>(rdata.size())};
  octets.insert(octets.end(), rdata.begin(), rdata.end());
  return octets;
}

Parsed parse(const Octets& octets, Query& query) { return parse_query(octets, query); }
Parsed parse(const Octets& octets) {
  Query query;
  return parse_query(octets, query);
}

TEST_CASE("a query is its header, one question and perhaps OPT") {
  Query query;
  const Octets octets = message({}, {k_question}, k_flag_rd);
  REQUIRE(parse(octets, query) == Parsed::query);
  CHECK(query.id == 0xabcd);
  CHECK(query.flags == k_flag_rd);
  CHECK(query.opcode == Opcode::query);
  CHECK(query.name.labels == 2);
  CHECK(query.name.label(0) == "www");
  CHECK(query.type == Type::srv);
  CHECK(query.klass == Class::in);
  CHECK(Octets(query.question.begin(), query.question.end()) == k_question);
  CHECK_FALSE(query.edns);
}

TEST_CASE("OPT says what the client takes, which version it speaks, and whether it wants DNSSEC") {
  Query query;
  const Octets octets = message({.additionals = 1}, {k_question, opt(4096, 3, 0x80)});
  REQUIRE(parse(octets, query) == Parsed::query);
  REQUIRE(query.edns);
  CHECK(query.edns->payload == 4096);
  CHECK(query.edns->version == 3);
  CHECK(query.edns->dnssec_ok);
  REQUIRE(parse(message({.additionals = 1}, {k_question, opt(512, 0, 0x7f)}), query) == Parsed::query);
  CHECK_FALSE(query.edns->dnssec_ok);
}

TEST_CASE("less than a header, or a response, is not for us") {
  const Octets header = message({.questions = 0}, {});
  for (std::size_t size = 0; size < k_header_bytes; ++size) {
    CHECK(parse({header.begin(), header.begin() + static_cast<std::ptrdiff_t>(size)}) == Parsed::silence);
  }
  CHECK(parse(message({}, {k_question}, k_flag_qr)) == Parsed::silence);
}

TEST_CASE("other than one question is no query (RFC 9619)") {
  CHECK(parse(message({.questions = 0}, {})) == Parsed::no_question);
  CHECK(parse(message({.questions = 2}, {k_question, k_question})) == Parsed::bad_header);
  CHECK(parse(message({.questions = 255}, {k_question})) == Parsed::bad_header);
}

TEST_CASE("a question cut short at any octet is no question") {
  for (std::size_t size = 0; size < k_question.size(); ++size) {
    Query query;
    const Octets octets =
        message({}, {Octets(k_question.begin(), k_question.begin() + static_cast<std::ptrdiff_t>(size))});
    INFO(size);
    CHECK(parse(octets, query) == Parsed::bad_header);
    CHECK(query.question.empty());
  }
}

TEST_CASE("OPT is found even where no question can be read (RFC 6891 §6.1.1)") {
  Query query;
  for (const Octets& octets : {message({.questions = 0, .additionals = 1}, {opt()}),
                               message({.questions = 2, .additionals = 1}, {k_question, k_question, opt()}),
                               message({.additionals = 1}, {Octets{0xc0, 12, 0, 1, 0, 1}, opt()}),
                               message({.questions = 0, .answers = 1, .additionals = 2}, {k_stray, k_stray, opt()})}) {
    const Parsed parsed = parse(octets, query);
    CHECK((parsed == Parsed::bad_header || parsed == Parsed::no_question));
    CHECK(query.edns);
  }
  // A label of an unknown type cannot be read over.
  CHECK(parse(message({.additionals = 1}, {Octets{0x41, 'x', 0, 0, 1, 0, 1}, opt()}), query) == Parsed::bad_header);
  CHECK_FALSE(query.edns);
}

TEST_CASE("stray records are read over, in every section") {
  for (const Counts& counts :
       {Counts{.answers = 2}, Counts{.authorities = 2}, Counts{.answers = 1, .additionals = 1}}) {
    CHECK(parse(message(counts, {k_question, k_stray, k_stray})) == Parsed::query);
  }
  const Octets compressed{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 0};
  CHECK(parse(message({.answers = 1}, {k_question, compressed})) == Parsed::query);
}

TEST_CASE("a record that is not there, or not whole, spoils the message but not its question") {
  for (std::size_t size = 0; size < k_stray.size(); ++size) {
    Query query;
    const Octets cut(k_stray.begin(), k_stray.begin() + static_cast<std::ptrdiff_t>(size));
    const Octets octets = message({.additionals = 1}, {k_question, cut});
    INFO(size);
    CHECK(parse(octets, query) == Parsed::bad_message);
    CHECK(query.question.size() == k_question.size());
  }
  CHECK(parse(message({.answers = 255}, {k_question, k_stray})) == Parsed::bad_message);
}

TEST_CASE("octets behind the last record spoil the message") {
  CHECK(parse(message({}, {k_question, Octets(1)})) == Parsed::bad_message);
  CHECK(parse(message({.additionals = 1}, {k_question, opt(), Octets(100)})) == Parsed::bad_message);
}

TEST_CASE("two OPT records spoil the message, and the first is believed") {
  Query query;
  const Octets octets = message({.additionals = 2}, {k_question, opt(1400), opt(4096)});
  CHECK(parse(octets, query) == Parsed::bad_message);
  REQUIRE(query.edns);
  CHECK(query.edns->payload == 1400);
}

TEST_CASE("OPT is in the additional section, owned by the root itself, or it spoils the message") {
  CHECK(parse(message({.answers = 1}, {k_question, opt()})) == Parsed::bad_message);
  CHECK(parse(message({.authorities = 1}, {k_question, opt()})) == Parsed::bad_message);
  Octets named = opt();
  named.insert(named.begin(), {1, 'x'});
  CHECK(parse(message({.additionals = 1}, {k_question, named})) == Parsed::bad_message);
  Octets pointed = opt();
  pointed.front() = 0xc0;
  pointed.insert(pointed.begin() + 1, 18);  // to the question's root label
  CHECK(parse(message({.additionals = 1}, {k_question, pointed})) == Parsed::bad_message);
}

TEST_CASE("OPT need not be the last record") {
  CHECK(parse(message({.additionals = 2}, {k_question, opt(), k_stray})) == Parsed::query);
}

TEST_CASE("options fill their OPT exactly, or spoil the message") {
  const Octets one{0xfd, 0xe9, 0, 2, 1, 2};
  const Octets two{0xfd, 0xe9, 0, 0, 0, 3, 0, 1, 7};
  CHECK(parse(message({.additionals = 1}, {k_question, opt(1232, 0, 0, one)})) == Parsed::query);
  CHECK(parse(message({.additionals = 1}, {k_question, opt(1232, 0, 0, two)})) == Parsed::query);
  for (std::size_t size = 1; size < one.size(); ++size) {
    Query query;
    const Octets cut(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(size));
    const Octets octets = message({.additionals = 1}, {k_question, opt(1232, 0, 0, cut)});
    CHECK(parse(octets, query) == Parsed::bad_message);
    CHECK(query.edns);  // FORMERR has OPT too
  }
}

TEST_CASE("of an unknown opcode only the header is believed, and OPT where it is found") {
  for (const unsigned opcode : {1U, 2U, 3U, 4U, 5U, 6U, 15U}) {
    Query query;
    const auto flags = static_cast<std::uint16_t>(opcode << 11);
    INFO(opcode);
    CHECK(parse(message({.questions = 0}, {}, flags), query) == Parsed::other_opcode);
    CHECK(query.question.empty());
    CHECK(parse(message({.questions = 7}, {Octets(3, 0xff)}, flags), query) == Parsed::other_opcode);
    CHECK(query.question.empty());
    const Octets octets = message({.additionals = 1}, {k_question, opt()}, flags);
    CHECK(parse(octets, query) == Parsed::other_opcode);
    CHECK(query.question.size() == k_question.size());
    CHECK(query.edns);
    CHECK(static_cast<unsigned>(query.opcode) == opcode);
  }
}

TEST_CASE("a Query is used again without a trace of the one before") {
  Query query;
  REQUIRE(parse(message({.additionals = 1}, {k_question, opt()}), query) == Parsed::query);
  REQUIRE(parse(message({.questions = 0}, {}), query) == Parsed::no_question);
  CHECK(query.question.empty());
  CHECK_FALSE(query.edns);
}

}  // namespace
}  // namespace rollcall::dns
