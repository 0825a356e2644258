#include "answer/transfer/transfer_stream.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

// Without what borrows from the message: a stream outlives it. RD and CD are not copied (RFC 5936 §2.2.1).
dns::Query query_of(const dns::Query& query, Bytes question) {
  dns::Query own;
  own.id = query.id;
  own.name = query.name;
  own.type = query.type;
  own.question = question;
  own.edns = query.edns;
  if (own.edns) own.edns->cookie = {};
  return own;
}

dns::Query query_of_the_rest(const dns::Query& query) {
  dns::Query own;
  own.id = query.id;
  return own;
}

}  // namespace

TransferStream::TransferStream(const dns::Query& query, const Options& options, TransferParts parts,
                               std::optional<dns::TsigSigner> signer)
    : question_(text_of(query.question)),
      first_query_(query_of(query, octets(question_))),
      next_query_(query_of_the_rest(query)),
      options_(options),
      parts_(std::move(parts)),
      signer_(std::move(signer)) {
  skip_empty_parts();
}

TransferStream::~TransferStream() = default;

void TransferStream::skip_empty_parts() {
  while (part_ < parts_.size() && record_ == parts_[part_]->size()) {
    ++part_;
    record_ = 0;
  }
}

std::size_t TransferStream::fixed_bytes(bool is_first) const {
  return Reply::needed_bytes(is_first ? first_query_ : next_query_, options_);
}

bool TransferStream::fits(std::size_t room_bytes) const {
  const std::size_t first_besides = signature_bytes() + fixed_bytes(true);
  const std::size_t besides = signature_bytes() + fixed_bytes(false);
  if (room_bytes < first_besides) return false;
  if (!parts_.empty() && parts_.front()->largest() > room_bytes - first_besides) return false;
  return std::ranges::all_of(parts_, [&](const auto& part) { return part->largest() <= room_bytes - besides; });
}

// A stream that can make nothing more ends: nobody may wait for it, or ask it again.
std::optional<std::size_t> TransferStream::break_off() {
  has_broken_off_ = true;
  part_ = parts_.size();
  return std::nullopt;
}

std::optional<std::size_t> TransferStream::next(WritableBytes room, std::uint64_t now) {
  if (is_done()) return std::nullopt;
  if (room.size() < signature_bytes() + fixed_bytes(is_first_)) return break_off();
  Reply reply(room.first(room.size() - signature_bytes()), is_first_ ? first_query_ : next_query_, is_first_, options_);
  reply.set_authoritative(true);
  if (!put_records(reply)) return break_off();
  const std::size_t size = reply.finish(dns::Rcode::noerror, static_cast<std::uint16_t>(limits::k_udp_payload_min));
  is_first_ = false;
  const std::size_t signed_size = signer_ ? signer_->sign(room, size, now) : size;
  check(!signer_ || signed_size > size, "the room for a signature was set aside");
  return signed_size;
}

bool TransferStream::put_records(Reply& reply) {
  constexpr std::size_t k_records_max = 0xffff;
  while (!is_done() && reply.records(Section::answer) < k_records_max) {
    const Reply::Mark before = reply.mark();
    const bool fits = put_record(reply, (*parts_[part_])[record_]);
    const bool is_only_one = fits && reply.records(Section::answer) == 1;
    if (!fits || (!is_only_one && reply.out().size() > k_message_bytes)) {
      reply.rewind(before);
      break;
    }
    ++record_;
    skip_empty_parts();
  }
  return reply.records(Section::answer) > 0;
}

bool TransferStream::put_record(Reply& reply, WireRecord record) {
  std::size_t owner = 0;
  check(record.size() > k_record_fixed_bytes, "a record has an owner and its fixed part");
  while (record[owner] != 0) owner += 1U + static_cast<std::uint8_t>(record[owner]);
  ++owner;
  const Bytes bytes = octets(record);
  const std::uint8_t* fixed = bytes.data() + owner;
  return reply.put(Section::answer, bytes.first(owner), type_in_record(fixed), ttl_in_record(fixed),
                   bytes.subspan(owner + k_record_fixed_bytes));
}

}  // namespace rollcall::answer
