#include <algorithm>

#include "client/answers.h"
#include "fuzz/targets.h"

namespace rollcall::fuzz {
namespace {

using client::Said;
using dns::Name;
using dns::Type;

void expect_sound(const client::SrvAnswer& answer) {
  expect((answer.said == Said::yes) == !answer.records.empty(), "yes has records, and nothing else has");
  expect((answer.said == Said::failed) == !answer.trouble.empty(), "a failure has a sentence, and nothing else has");
  expect(answer.ttl >= std::chrono::milliseconds(0) && answer.ttl <= std::chrono::hours(24), "a TTL is a day at most");
  for (const client::SrvRecord& record : answer.records) {
    expect(!record.target.is_root(), "the root is no target");
    expect(answer.addresses.contains(record.target), "each target is looked for");
  }
  for (const auto& [target, addresses] : answer.addresses) {
    expect(std::ranges::any_of(answer.records, [&](const auto& record) { return record.target == target; }),
           "addresses are of targets");
  }
}

}  // namespace

void answer(Bytes input) {
  static const Name asked = *Name::parse("web.svc.internal");
  expect_sound(client::parse_srv_answer(input, asked));
  for (const Type type : {Type::a, Type::aaaa}) {
    const client::AddressAnswer found = client::parse_address_answer(input, asked, type);
    expect((found.said == Said::yes) == !found.addresses.empty(), "yes has addresses, and nothing else has");
    for (const IpAddress& address : found.addresses) {
      expect(type == Type::aaaa || address.is_v4(), "A has IPv4 addresses only");
    }
  }
  expect(!client::rcode_text(input).empty(), "every message has a word for its RCODE");
}

}  // namespace rollcall::fuzz
