// A zone transfer under way: one message after another, each made when the client has taken the one before it.
//
// Shape    question and OPT are in the first message only. Records are packed up to k_message_bytes; a larger record has a
//          message of its own. When the request was signed, each message is, in a chain. Each message is a Reply.
// Owner    shares the record sets it sends, so the transfer is of one serial; a connection holds one message at a time.
// Threads  one at a time.
// Failure  a record too large for a message ends the stream (`has_broken_off`); `fits` says so before it begins.
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

// One of the limited number of transfers under way; counted until it is destroyed.
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
  ~TransferStream();  // not inline: whoever has a Response destroys one in name only, nearly always

  // Whether every record fits a message of `room_bytes`. If one does not, the transfer must not begin: it would end before its
  // last SOA.
  [[nodiscard]] bool fits(std::size_t room_bytes) const;
  // Writes the next message and returns its size, which is never 0. `room` has k_message_bytes_max octets; over UDP what the
  // client takes. Empty: the stream is over, either done or broken off at a record that does not fit `room`. `now` is
  // wall-clock seconds.
  [[nodiscard]] std::optional<std::size_t> next(WritableBytes room, std::uint64_t now);
  // Keeps the place until the stream is destroyed.
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
