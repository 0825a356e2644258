#include "fuzz/check_reply.h"

#include <algorithm>
#include <map>

#include "conformance/message.h"
#include "fuzz/targets.h"

namespace rollcall::fuzz {
namespace {

using conformance::Message;
using conformance::Octets;
using dns::Type;

std::size_t most_octets(const std::expected<Message, std::string>& query, const Limits& limits) {
  if (!limits.is_udp) return 65535;
  // A query this parser does not take may still have an OPT that the server has found.
  if (!query) return limits.udp_payload;
  const std::size_t wanted = query->opt ? query->opt->klass : 512U;
  return std::min(limits.udp_payload, std::max<std::size_t>(wanted, 512));
}

void check_header(Bytes query, const Message& reply) {
  const unsigned flags = load_u16(query.data() + 2);
  expect(reply.id == load_u16(query.data()), "the id is copied");
  expect(reply.opcode() == (flags >> 11 & 0xf), "the opcode is copied");
  expect(reply.has(0x8000), "an answer has QR");
  expect(!reply.has(0x0080 | 0x0040 | 0x0020), "an answer has neither RA nor Z nor AD");
}

void check_echo(const Message& query, const Message& reply) {
  expect(query.opt.has_value() == reply.opt.has_value(), "OPT is answered with OPT, and nothing else is");
  if (query.opcode() == 0) expect(reply.question == query.question, "the question comes back");
}

// Of the records of a reply: that of the question, where one came back.
std::uint16_t class_of(const Message& reply) {
  constexpr std::uint16_t k_chaos = 3;
  const bool is_chaos = !reply.question.empty() && load_u16(&reply.question.back() - 1) == k_chaos;
  return is_chaos ? k_chaos : conformance::k_class_in;
}

// RFC 2181 §5: one TTL in an RRset, and no repeats. TSIG is of the message, not of the data.
void check_rrsets(const std::vector<conformance::Record>& records, std::uint16_t klass) {
  std::map<std::pair<Octets, Type>, std::uint32_t> ttls;
  for (const conformance::Record& record : records) {
    if (record.type == Type::tsig) continue;
    const auto [at, is_new] = ttls.try_emplace({record.owner, record.type}, record.ttl);
    expect(is_new || at->second == record.ttl, "an RRset has one TTL");
    expect(record.ttl < 0x8000'0000U, "a TTL is below 2^31");
    expect(record.klass == klass, "records are of the question's class");
  }
}

void check_negative(const Message& reply) {
  const bool is_denial = reply.has(0x0400) && reply.opcode() == 0 && !reply.has(0x0200) &&
                         (reply.rcode() == 3 || (reply.rcode() == 0 && reply.answer().empty()));
  if (!is_denial) return;
  expect(reply.authority().size() == 1 && reply.authority().front().type == Type::soa, "a denial has the SOA, alone");
}

}  // namespace

void check_reply(Bytes query, Bytes reply, const Limits& limits) {
  const auto asked = conformance::parse_message(query);
  const auto parsed = conformance::parse_message(reply);
  expect(parsed.has_value(), parsed ? "" : parsed.error());
  expect(reply.size() <= most_octets(asked, limits), "an answer is no longer than the client takes");
  expect(query.size() >= 12, "less than a header is not answered");
  check_header(query, *parsed);
  if (asked) check_echo(*asked, *parsed);
  for (const auto& section : parsed->sections) check_rrsets(section, class_of(*parsed));
  check_negative(*parsed);
}

void expect_silence_was_due(Bytes query) {
  expect(query.size() < 12 || (query[2] & 0x80) != 0, "only a response, or less than a header, is met with silence");
}

}  // namespace rollcall::fuzz
