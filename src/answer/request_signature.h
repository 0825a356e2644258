// The TSIG record of one request: whether it is good, and what it takes to sign the reply.
//
// Shape    made from the request; `sign` then closes the reply, once. A transfer signs its own messages: it is given a
//          copy of `signer`.
// Owner    lives for one exchange; borrows the message and the keys.
// Threads  one worker.
// Failure  where the signature finds no room in the reply, TC says that there is more to be had (RFC 8945 §5.3).
// Source   RFC 8945 §5.2-5.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "dns/tsig.h"

namespace rollcall::answer {

class RequestSignature {
 public:
  // `record` is the message's own; `now` is wall-clock seconds.
  RequestSignature(Bytes message, const dns::TsigRecord& record, const dns::TsigKeys& keys, std::uint64_t now);

  // The record cannot be one: FORMERR, and the reply has no TSIG.
  [[nodiscard]] bool is_malformed() const { return verdict_.is_malformed; }
  // Neither malformed nor to be refused (NOTAUTH).
  [[nodiscard]] bool is_good() const { return !verdict_.is_malformed && verdict_.error == dns::TsigError::none; }

  // Of a good one: what signs, and the octets a signature takes.
  [[nodiscard]] const dns::TsigSigner& signer() const { return *signer_; }
  [[nodiscard]] std::size_t bytes() const { return signer_->bytes(); }

  // Appends the reply's TSIG to the `size` octets in `room`: the signature of an answer, or what a refusal carries
  // (RFC 8945 §5.2.1-5.2.4 say which refusals are signed). Returns the new size.
  [[nodiscard]] std::size_t sign(WritableBytes room, std::size_t size);

 private:
  [[nodiscard]] std::size_t append(WritableBytes room, std::size_t size);

  const dns::TsigRecord& record_;
  const std::uint64_t now_;
  const dns::TsigVerdict verdict_;
  std::optional<dns::TsigSigner> signer_;  // when the key is known
};

}  // namespace rollcall::answer
