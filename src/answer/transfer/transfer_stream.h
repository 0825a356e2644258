// A zone on its way to a client: one message after another, each made when the one before it has been taken.
//
// Shape    the question stands in the first message, OPT too; records are packed to k_message_bytes, and a larger one
//          has a message of its own. Signed, where the request was: each message, in a chain.
// Owner    owns its sets; a connection has at most one message of it in memory.
// Threads  one.
// Source   RFC 5936 §2.2, RFC 1995 §4, RFC 8945 §5.3.1.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "answer/encode/reply.h"
#include "answer/transfer/transfer_zone.h"
#include "base/bytes.h"
#include "dns/query.h"
#include "dns/tsig.h"

namespace rollcall::answer {

// One of the places for transfers under way; given back when it ends, however that is.
class TransferPlace {
 public:
  explicit TransferPlace(std::atomic<std::size_t>& taken) : taken_(&taken) {}
  TransferPlace(TransferPlace&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
  TransferPlace(const TransferPlace&) = delete;
  TransferPlace& operator=(const TransferPlace&) = delete;
  TransferPlace& operator=(TransferPlace&&) = delete;
  ~TransferPlace() {
    if (taken_ != nullptr) taken_->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::size_t>* taken_;  // borrowed
};

class TransferStream {
 public:
  // What a compression pointer reaches (RFC 1035 §4.1.4): packed tighter, names would only get longer.
  static constexpr std::size_t k_message_bytes = 16'384;

  TransferStream(const dns::Query& query, const Options& options, TransferParts parts,
                 std::optional<dns::TsigSigner> signer);
  TransferStream(const TransferStream&) = delete;
  TransferStream& operator=(const TransferStream&) = delete;

  // Whether every record fits a message of `room_bytes`. Where one does not, no transfer should be begun: it would end
  // before its last SOA.
  [[nodiscard]] bool fits(std::size_t room_bytes) const;
  // Writes the next message and returns its size, which is never 0. `room` has k_message_bytes_max octets; with less
  // (UDP) the messages are as long as it is. Empty: the stream is over; after a record that fits no message of this room
  // it is over too, without its last SOA, and has_broken_off(). `now` is wall-clock seconds.
  [[nodiscard]] std::optional<std::size_t> next(WritableBytes room, std::uint64_t now);
  // Until it ends.
  void hold(TransferPlace place) { place_.emplace(std::move(place)); }
  [[nodiscard]] bool is_done() const { return part_ == parts_.size(); }
  [[nodiscard]] bool has_broken_off() const { return has_broken_off_; }

 private:
  [[nodiscard]] static bool put_record(Reply& reply, WireRecord record);
  // As many as fit, one at least where a message can hold it. False: none.
  [[nodiscard]] bool put_records(Reply& reply);
  void skip_empty_parts();
  [[nodiscard]] std::size_t signature_bytes() const { return signer_ ? signer_->bytes() : 0; }
  // Besides records and signature.
  [[nodiscard]] std::size_t fixed_bytes(bool is_first) const;
  std::optional<std::size_t> break_off();

  const std::string question_;
  const dns::Query first_query_;  // borrows the question
  const dns::Query next_query_;   // of the messages that follow: no question, no EDNS
  const Options options_;
  const TransferParts parts_;
  std::optional<dns::TsigSigner> signer_;
  std::size_t part_ = 0;
  std::size_t record_ = 0;  // within the part
  bool is_first_ = true;
  bool has_broken_off_ = false;
  std::optional<TransferPlace> place_;
};

}  // namespace rollcall::answer
