#include "answer/look_up/fast_answer.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "answer/encode/member_records.h"
#include "answer/encode/record_head.h"
#include "base/check.h"
#include "dns/query.h"

namespace rollcall::answer {
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
  if (!answers.all_leases_reach(now + std::chrono::seconds(ttl_), now)) return 0;
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
  if (list.count == 0 || list.count * address_record_bytes(family) > left()) return false;
  std::span<const std::uint32_t> order;
  if (list.count > 1) {
    order = list.equal_weights ? scratch.order.draw(list.count, list.count, random)
                               : scratch.order.draw(answers.weights(list), list.count, random);
  }
  const Bytes addresses = answers.octets(list.at, list.count * octets_of(family));
  at_ = store_address_records(at_, family, addresses, list.count, order, k_question_name_at, ttl_);
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
    scratch.target_offsets.push_back(static_cast<std::size_t>(at_ - begin_) + k_target_in_srv_record);
    at_ = store_srv_record(at_, answers, answers.member(i), view.is_weightless, k_question_name_at, ttl_);
  }
  answers_ = static_cast<std::uint16_t>(view.count);
  return put_additionals(answers, scratch);
}

// Whole RRsets, in the order of the answer, until one does not fit.
bool FastAnswer::put_additionals(const ServiceAnswers& answers, const Scratch& scratch) {
  for (std::size_t i = 0; i < scratch.chosen.size(); ++i) {
    if (scratch.target_offsets[i] >= k_pointer_reach) return true;
    const Member& member = answers.member(scratch.chosen[i]);
    for (const Family family : {Family::v4, Family::v6}) {
      const Bytes addresses = answers.addresses(member, family);
      const std::size_t count = addresses.size() / octets_of(family);
      if (count * address_record_bytes(family) > left()) return true;
      at_ = store_address_records(at_, family, addresses, count, {}, scratch.target_offsets[i], ttl_);
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
  const std::uint16_t copied = copied_flags(question_.flags, question_.has_opt && question_.dnssec_ok);
  std::memcpy(begin_, message_.data(), question_.end);  // the question as it was asked
  store_header(begin_, load_u16(message_.data()),
               {.flags = static_cast<std::uint16_t>(dns::k_flag_qr | flags | copied),
                .questions = 1,
                .answers = answers_,
                .additionals = static_cast<std::uint16_t>(additionals_ + (question_.has_opt ? 1 : 0))});
  if (question_.has_opt) {
    store_opt(at_, payload_, dns::Rcode::noerror, question_.dnssec_ok, 0);
    at_ += dns::k_opt_bytes;
  }
  check(at_ <= end_ + (question_.has_opt ? dns::k_opt_bytes : 0), "an answer is within its room");
  return static_cast<std::size_t>(at_ - begin_);
}

}  // namespace rollcall::answer
