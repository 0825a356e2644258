#include "answer/encode/reply.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

constexpr std::size_t k_option_head_bytes = 4;

std::size_t opt_bytes(const dns::Query& query, const Options& options) {
  return query.edns ? dns::k_opt_bytes + options.bytes().size() : 0;
}

}  // namespace

Reply::Reply(WritableBytes room, const dns::Query& query, bool echo_question, const Options& options)
    : query_(query),
      options_(options),
      room_(room),
      out_(room.first(room.size() - opt_bytes(query, options))),
      names_(out_) {
  check(room.size() >= needed_bytes(query, options), "a reply has room for a header and a question");
  out_.claim(dns::k_header_bytes);
  if (echo_question) {
    out_.bytes(query.question);
    if (!query.question.empty()) names_.remember(k_question_name_at, query.name);
  }
  question_end_ = out_.size();
}

void Reply::cut() {
  check(out_.size() >= question_end_, "a reply has its header and question");
  out_.rewind(question_end_);
  names_.rewind(question_end_);
  counts_ = {};
  explanation_.reset();
  truncated_ = false;
  authoritative_ = false;
}

std::size_t Reply::needed_bytes(const dns::Query& query, const Options& options) {
  return dns::k_header_bytes + query.question.size() + opt_bytes(query, options);
}

void Reply::set_varying() {
  check(out_.size() == question_end_, "a reply is given its kind before its records");
  varying_ = true;
  if (!query_.edns || room_.size() < limits::k_message_bytes_max) return;
  out_.set_room(room_.first(room_.size() - opt_bytes(query_, options_) - limits::k_explanation_room_bytes));
}

bool Reply::put(Section section, std::uint16_t owner_at, dns::Type type, std::uint32_t ttl, Bytes rdata,
                dns::Class klass) {
  const std::size_t start = out_.size();
  out_.u16(pointer_to(owner_at));
  return end_record(start, section, {type, klass, ttl, rdata});
}

bool Reply::put(Section section, Bytes owner, dns::Type type, std::uint32_t ttl, Bytes rdata) {
  const std::size_t start = out_.size();
  names_.put(owner);
  return end_record(start, section, {type, dns::Class::in, ttl, rdata});
}

void Reply::rewind(const Mark& mark) {
  check(mark.size <= out_.size(), "what is forgotten has been put");
  out_.rewind(mark.size);
  names_.rewind(mark.size);
  counts_ = mark.counts;
}

std::size_t Reply::finish(dns::Rcode rcode, std::uint16_t udp_payload) {
  const auto code = static_cast<std::uint16_t>(rcode);
  std::uint16_t flags =
      static_cast<std::uint16_t>(dns::k_flag_qr | (query_.flags & dns::k_opcode_mask) | (code & 0xfU));
  if (query_.opcode == dns::Opcode::query) {
    flags |= copied_flags(query_.flags, query_.edns && query_.edns->dnssec_ok);
  }
  if (authoritative_) flags |= dns::k_flag_aa;
  if (truncated_) flags |= dns::k_flag_tc;

  std::size_t size = out_.size();
  std::uint16_t additional = counts_[2];
  if (query_.edns) {
    ByteWriter opt(room_.subspan(size));
    put_opt(opt, rcode, udp_payload, size);
    size += opt.size();
    ++additional;
  }
  store_header(room_.data(), query_.id,
               {.flags = flags,
                .questions = static_cast<std::uint16_t>(has_question() ? 1 : 0),
                .answers = counts_[0],
                .authorities = counts_[1],
                .additionals = additional});
  check(size <= room_.size(), "a reply is within its room");
  return size;
}

void Reply::put_opt(ByteWriter& out, dns::Rcode rcode, std::uint16_t udp_payload, std::size_t before) const {
  std::uint8_t* opt = out.claim(dns::k_opt_bytes);
  out.bytes(options_.bytes());
  check(opt != nullptr && out.ok(), "the room for OPT was set aside");
  if (explanation_) put_explanation(out);
  if (padding_block_ > 0) put_padding(out, before);
  store_opt(opt, udp_payload, rcode, query_.edns->dnssec_ok, out.size() - dns::k_opt_bytes);
}

// RFC 8914 §2: code and text. What does not fit is said shorter, or not at all.
void Reply::put_explanation(ByteWriter& out) const {
  for (const std::string_view text : {explanation_->text, std::string_view()}) {
    const std::size_t before = out.size();
    out.u16(static_cast<std::uint16_t>(dns::Option::extended_error));
    out.u16(static_cast<std::uint16_t>(2 + text.size()));
    out.u16(static_cast<std::uint16_t>(explanation_->code));
    out.bytes(octets(text));
    if (out.ok()) return;
    out.rewind(before);
  }
}

// Zeros, up to the next whole block, or to the end of the room. `before`: octets of the message in front of OPT.
void Reply::put_padding(ByteWriter& out, std::size_t before) const {
  const std::size_t size = before + out.size() + k_option_head_bytes;
  const std::size_t left = out.left() - std::min(out.left(), k_option_head_bytes);
  if (out.left() < k_option_head_bytes) return;
  const std::size_t zeros = std::min(left, (padding_block_ - size % padding_block_) % padding_block_);
  out.u16(static_cast<std::uint16_t>(dns::Option::padding));
  out.u16(static_cast<std::uint16_t>(zeros));
  std::ranges::fill(WritableBytes(out.claim(zeros), zeros), std::uint8_t{0});
}

}  // namespace rollcall::answer
