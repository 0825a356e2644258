#include "answer/request_signature.h"

#include "answer/encode/record_head.h"
#include "base/check.h"
#include "dns/query.h"

namespace rollcall::answer {

using dns::TsigError;

RequestSignature::RequestSignature(Bytes message, const dns::TsigRecord& record, const dns::TsigKeys& keys,
                                   std::uint64_t now)
    : record_(record), now_(now), verdict_(dns::verify_tsig(message, record, keys, now)) {
  if (verdict_.key != nullptr) signer_.emplace(*verdict_.key, record);
  check(!is_good() || signer_.has_value(), "a good signature was made with a known key");
}

std::size_t RequestSignature::append(WritableBytes room, std::size_t size) {
  switch (verdict_.error) {
    case TsigError::none: return signer_->sign(room, size, now_);
    case TsigError::badkey:
    case TsigError::badsig: return dns::append_unsigned_tsig(room, size, record_, verdict_.error);
    case TsigError::badtime:
    case TsigError::badtrunc: return signer_->sign_refusal(room, size, record_, verdict_.error, now_);
  }
  return size;
}

std::size_t RequestSignature::sign(WritableBytes room, std::size_t size) {
  check(size >= dns::k_header_bytes && size <= room.size(), "what is signed is a message within its room");
  const std::size_t with_signature = append(room, size);
  if (with_signature == size) set_truncated_flag(room.data());
  check(with_signature >= size && with_signature <= room.size(), "a signature is appended within the room");
  return with_signature;
}

}  // namespace rollcall::answer
