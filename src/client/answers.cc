#include "client/answers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "dns/query.h"
#include "dns/record_reader.h"

namespace rollcall::client {
namespace {

using dns::MessageRecord;
using dns::MessageRecords;
using dns::Name;
using dns::Rcode;
using dns::Type;
using std::chrono::milliseconds;

constexpr std::uint8_t k_response_bit = 0x80;

Rcode rcode_of(Bytes message) { return static_cast<Rcode>(message[3] & 15U); }

bool is_response(Bytes message) { return message.size() >= dns::k_header_bytes && (message[2] & k_response_bit) != 0; }

// A TTL with the highest bit set counts as 0 (RFC 2181 §8).
milliseconds ttl_of(std::uint32_t ttl) {
  const std::chrono::seconds seconds(ttl > 0x7fffffffU ? 0 : ttl);
  return std::min<milliseconds>(seconds, limits::k_client_ttl_max);
}

// RFC 2308 §5: the negative TTL is the smaller of the SOA's own TTL and its MINIMUM.
milliseconds negative_ttl(const MessageRecords& records) {
  for (const MessageRecord& record : records.authority) {
    if (record.type != Type::soa || record.rdata.size() < 4) continue;
    const std::uint32_t minimum = load_u32(octets(record.rdata).data() + record.rdata.size() - 4);
    return std::min(ttl_of(record.ttl), ttl_of(minimum));
  }
  return milliseconds(0);
}

// The records of the answer section that match the question, after CNAME aliases are followed.
struct Answered {
  std::vector<const MessageRecord*> records;
  milliseconds ttl = limits::k_client_ttl_max;

  void take(const MessageRecord& record) { ttl = std::min(ttl, ttl_of(record.ttl)); }
};

const MessageRecord* find_alias(const MessageRecords& message, const Name& owner) {
  const auto found = std::ranges::find_if(
      message.answer, [&](const MessageRecord& record) { return record.type == Type::cname && record.owner == owner; });
  return found == message.answer.end() ? nullptr : &*found;
}

Answered records_for(const MessageRecords& message, Name owner, Type type) {
  Answered answered;
  for (std::size_t aliases = 0; aliases <= limits::k_cname_chain_max; ++aliases) {
    for (const MessageRecord& record : message.answer) {
      if (record.type != type || record.owner != owner) continue;
      answered.take(record);
      answered.records.push_back(&record);
    }
    const MessageRecord* alias = answered.records.empty() ? find_alias(message, owner) : nullptr;
    if (alias == nullptr) return answered;
    const std::optional<Name> next = Name::parse_wire(octets(alias->rdata));
    if (!next) return answered;
    answered.take(*alias);
    owner = *next;
  }
  return answered;
}

std::optional<IpAddress> address_of(const MessageRecord& record) {
  const Bytes rdata = octets(record.rdata);
  if (record.type == Type::a && rdata.size() == 4) return IpAddress::v4(rdata.first<4>());
  if (record.type == Type::aaaa && rdata.size() == 16) return IpAddress::v6(rdata.first<16>());
  return std::nullopt;
}

std::optional<SrvRecord> srv_of(const MessageRecord& record) {
  const Bytes rdata = octets(record.rdata);
  if (rdata.size() < 7) return std::nullopt;
  const std::optional<Name> target = Name::parse_wire(rdata.subspan(6));
  if (!target) return std::nullopt;
  return SrvRecord{.target = *target,
                   .priority = load_u16(rdata.data()),
                   .weight = load_u16(rdata.data() + 2),
                   .port = load_u16(rdata.data() + 4)};
}

void take_addresses(const MessageRecords& message, SrvAnswer& answer) {
  for (const SrvRecord& record : answer.records) answer.addresses.try_emplace(record.target);
  for (const MessageRecord& record : message.additional) {
    const auto of_target = answer.addresses.find(record.owner);
    const std::optional<IpAddress> address = address_of(record);
    if (of_target == answer.addresses.end() || !address) continue;
    of_target->second.push_back(*address);
    answer.ttl = std::min(answer.ttl, ttl_of(record.ttl));
  }
}

}  // namespace

SrvAnswer parse_srv_answer(Bytes message, const Name& asked) {
  SrvAnswer answer;
  if (!is_conclusive(message)) {
    answer.trouble = is_response(message) ? "the answer is " + rcode_text(message) : "the answer cannot be read";
    return answer;
  }
  const std::optional<MessageRecords> records = dns::read_records(message);
  if (!records) {
    answer.trouble = "the answer cannot be read";
    return answer;
  }
  const Answered answered = records_for(*records, asked, Type::srv);
  answer.ttl = answered.ttl;
  for (const MessageRecord* record : answered.records) {
    const std::optional<SrvRecord> srv = srv_of(*record);
    if (srv && !srv->target.is_root()) answer.records.push_back(*srv);  // target ".": service not available (RFC 2782)
  }
  answer.said = answer.records.empty() ? Said::nothing : Said::yes;
  if (answered.records.empty()) {
    answer.said = rcode_of(message) == Rcode::nxdomain ? Said::no_name : Said::nothing;
    answer.ttl = std::min(answer.ttl, negative_ttl(*records));
  }
  take_addresses(*records, answer);
  return answer;
}

AddressAnswer parse_address_answer(Bytes message, const Name& asked, Type type) {
  AddressAnswer answer;
  if (!is_conclusive(message)) return answer;
  const std::optional<MessageRecords> records = dns::read_records(message);
  if (!records) return answer;
  const Answered answered = records_for(*records, asked, type);
  for (const MessageRecord* record : answered.records) {
    if (const std::optional<IpAddress> address = address_of(*record)) answer.addresses.push_back(*address);
  }
  answer.ttl = answered.records.empty() ? negative_ttl(*records) : answered.ttl;
  answer.said = !answer.addresses.empty()              ? Said::yes
                : rcode_of(message) == Rcode::nxdomain ? Said::no_name
                                                       : Said::nothing;
  return answer;
}

bool is_conclusive(Bytes message) {
  return is_response(message) && (rcode_of(message) == Rcode::noerror || rcode_of(message) == Rcode::nxdomain);
}

std::string rcode_text(Bytes message) {
  if (!is_response(message)) return "unreadable";
  return dns::rcode_text(rcode_of(message));
}

}  // namespace rollcall::client
