#include "answer/look_up/fast_answer.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "dns/query.h"

namespace rollcall::answer {
namespace {

constexpr std::size_t k_record_fixed = 12;  // owner pointer, type, class, TTL, RDLENGTH
constexpr std::size_t k_pointer_reach = 0x4000;
constexpr std::uint16_t k_question_name = 0xc000 | dns::k_header_bytes;

dns::Type type_of(Family family) { return family == Family::v4 ? dns::Type::a : dns::Type::aaaa; }

void put_head(std::uint8_t* at, std::uint16_t owner, dns::Type type, std::uint32_t ttl, std::size_t rdata_bytes) {
  store_u16(at, owner);
  store_u16(at + 2, static_cast<std::uint16_t>(type));
  store_u16(at + 4, static_cast<std::uint16_t>(dns::Class::in));
  store_u32(at + 6, ttl);
  store_u16(at + 10, static_cast<std::uint16_t>(rdata_bytes));
}

// One record for each address, in this order; none: as they are. Returns where they end.
template <std::size_t Octets>
std::uint8_t* put_records(std::uint8_t* at, const std::uint8_t* addresses, std::size_t count,
                          std::span<const std::uint32_t> order, std::uint16_t owner, dns::Type type,
                          std::uint32_t ttl) {
  std::uint8_t head[k_record_fixed];
  put_head(head, owner, type, ttl, Octets);
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(at, head, k_record_fixed);
    std::memcpy(at + k_record_fixed, addresses + (order.empty() ? i : order[i]) * Octets, Octets);
    at += k_record_fixed + Octets;
  }
  return at;
}

std::uint8_t* put_family(Family family, std::uint8_t* at, Bytes addresses, std::span<const std::uint32_t> order,
                         std::uint16_t owner, std::uint32_t ttl) {
  const std::size_t count = addresses.size() / octets_of(family);
  return family == Family::v4 ? put_records<4>(at, addresses.data(), count, order, owner, type_of(family), ttl)
                              : put_records<16>(at, addresses.data(), count, order, owner, type_of(family), ttl);
}

}  // namespace

FastAnswer::FastAnswer(Bytes message, const FastQuery& question, WritableBytes room, std::uint16_t payload)
    : message_(message), question_(question), payload_(payload), begin_(room.data()), at_(begin_ + question.end) {
  const std::size_t taken = std::max<std::size_t>(question.payload, limits::k_udp_payload_min);
  end_ = begin_ + std::min(room.size(), taken) - (question.has_opt ? dns::k_opt_bytes : 0);
}

std::size_t FastAnswer::write(const ServiceAnswers& answers, registry::LeaseTime now, Random& random,
                              Scratch& scratch) {
  const AnswerPolicy& policy = answers.policy();
  ttl_ = policy.ttl_seconds;
  if (policy.answer_limit != 0 || answers.is_protected()) return 0;
  if (!answers.all_leases_reach(now + std::chrono::seconds(ttl_))) return 0;
  bool put = false;
  switch (question_.type) {
    case dns::Type::a: put = put_addresses(answers, answers.all().v4, Family::v4, random, scratch); break;
    case dns::Type::aaaa: put = put_addresses(answers, answers.all().v6, Family::v6, random, scratch); break;
    default: put = put_srv(answers, random, scratch); break;
  }
  if (!put) return 0;
  answers.note_answered(now, ttl_);
  return finish(dns::k_flag_aa);
}

bool FastAnswer::put_addresses(const ServiceAnswers& answers, const AddressList& list, Family family, Random& random,
                               Scratch& scratch) {
  const std::size_t size = octets_of(family);
  if (list.count == 0 || list.count * (k_record_fixed + size) > left()) return false;
  std::span<const std::uint32_t> order;
  if (list.count > 1) {
    order = list.equal_weights ? scratch.order.draw(list.count, list.count, random)
                               : scratch.order.draw(answers.weights(list), list.count, random);
  }
  at_ = put_family(family, at_, answers.octets(list.at, list.count * size), order, k_question_name, ttl_);
  answers_ = static_cast<std::uint16_t>(list.count);
  return true;
}

bool FastAnswer::put_srv(const ServiceAnswers& answers, Random& random, Scratch& scratch) {
  const View* found = question_.protocol ? answers.find_protocol(*question_.protocol) : &answers.all();
  if (found == nullptr || found->count == 0 || found->srv_bytes > left()) return false;
  const View& view = *found;
  order_members(answers, answers.order_of(view), view.count, view.equal_weights, random, scratch);
  scratch.target_offsets.clear();
  for (const std::uint32_t i : scratch.chosen) {
    const Run run = answers.member(i).srv;
    put_head(at_, k_question_name, dns::Type::srv, ttl_, run.size);
    std::memcpy(at_ + k_record_fixed, answers.octets(run.at, run.size).data(), run.size);
    show_weight(view.is_weightless, at_ + k_record_fixed);
    scratch.target_offsets.push_back(static_cast<std::size_t>(at_ - begin_) + k_record_fixed + k_target_in_srv);
    at_ += k_record_fixed + run.size;
  }
  answers_ = static_cast<std::uint16_t>(view.count);
  return put_additionals(answers, scratch);
}

// Whole RRsets, in the order of the answer, until one does not fit.
bool FastAnswer::put_additionals(const ServiceAnswers& answers, const Scratch& scratch) {
  for (std::size_t i = 0; i < scratch.chosen.size(); ++i) {
    if (scratch.target_offsets[i] >= k_pointer_reach) return true;
    const Member& member = answers.member(scratch.chosen[i]);
    const auto owner = static_cast<std::uint16_t>(0xc000U | scratch.target_offsets[i]);
    for (const Family family : {Family::v4, Family::v6}) {
      const Bytes addresses = answers.addresses(member, family);
      const std::size_t count = addresses.size() / octets_of(family);
      if (addresses.size() + count * k_record_fixed > left()) return true;
      at_ = put_family(family, at_, addresses, {}, owner, ttl_);
      additionals_ = static_cast<std::uint16_t>(additionals_ + count);
    }
  }
  return true;
}

std::size_t FastAnswer::write_cut() {
  at_ = begin_ + question_.end;
  answers_ = additionals_ = 0;
  return finish(dns::k_flag_tc);
}

std::size_t FastAnswer::finish(std::uint16_t flags) {
  const bool copies_cd = question_.has_opt && question_.dnssec_ok;  // RFC 4035 §3.1.6, RFC 8906 §8.1.3
  const unsigned copied = question_.flags & (dns::k_flag_rd | (copies_cd ? dns::k_flag_cd : 0U));
  std::memcpy(begin_, message_.data(), question_.end);  // id, and the question as it was asked
  store_u16(begin_ + 2, static_cast<std::uint16_t>(dns::k_flag_qr | flags | copied));
  store_u16(begin_ + 6, answers_);
  store_u16(begin_ + 8, 0);
  store_u16(begin_ + 10, static_cast<std::uint16_t>(additionals_ + (question_.has_opt ? 1 : 0)));
  if (question_.has_opt) {
    *at_ = 0;
    store_u16(at_ + 1, static_cast<std::uint16_t>(dns::Type::opt));
    store_u16(at_ + 3, payload_);
    store_u32(at_ + 5, question_.dnssec_ok ? 0x8000U : 0U);
    store_u16(at_ + 9, 0);
    at_ += dns::k_opt_bytes;
  }
  return static_cast<std::size_t>(at_ - begin_);
}

}  // namespace rollcall::answer
