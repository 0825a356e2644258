#include "net/dns/conversation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::net {
namespace {

constexpr std::size_t k_length_bytes = 2;
constexpr std::size_t k_stream_bytes = 4096;

}  // namespace

WritableBytes DnsConversation::room() {
  in_.resize(taken_ + k_stream_bytes);
  return WritableBytes(in_).subspan(taken_);
}

void DnsConversation::take(std::size_t octets) {
  check(octets <= in_.size() - taken_, "no more is read than there was room for");
  taken_ += octets;
  in_.resize(taken_);
}

bool DnsConversation::may_have_more() const {
  return transfer_ != nullptr || out_.size() >= limits::k_dns_tcp_backlog_bytes_max;
}

bool DnsConversation::answer_messages(const Now& now) {
  out_.clear();
  answered_ = 0;
  bool goes_on = true;
  state_.wall_seconds = now.wall_seconds;
  std::size_t at = 0;
  while (goes_on && !may_have_more() && taken_ - at >= k_length_bytes) {
    const std::size_t length = load_u16(in_.data() + at);
    if (taken_ - at - k_length_bytes < length) break;
    goes_on = answer_message(Bytes(in_).subspan(at + k_length_bytes, length), now.lease);
    at += k_length_bytes + length;
    ++answered_;
  }
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at));
  taken_ = in_.size();
  return goes_on;
}

// False: no reply is due (a response, or less than a header): whatever follows on this connection cannot be trusted.
bool DnsConversation::answer_message(Bytes message, registry::LeaseTime now) {
  const std::size_t before = out_.size();
  out_.resize(before + k_length_bytes + limits::k_message_bytes_max);
  answer::Response response =
      responder_.respond(message, client_, now, WritableBytes(out_).subspan(before + k_length_bytes), state_);
  const std::size_t size = response.bytes;
  check(size <= limits::k_message_bytes_max, "the length of a message has two octets");
  store_u16(out_.data() + before, static_cast<std::uint16_t>(size));
  out_.resize(size == 0 ? before : before + k_length_bytes + size);
  transfer_ = response.take_transfer();
  check(transfer_ == nullptr || size > 0, "a transfer begins with a message");
  return size > 0;
}

bool DnsConversation::continue_transfer(std::uint32_t wall_seconds) {
  out_.clear();
  if (transfer_ == nullptr) return true;
  out_.resize(k_length_bytes + limits::k_message_bytes_max);
  const std::optional<std::size_t> size = transfer_->next(WritableBytes(out_).subspan(k_length_bytes), wall_seconds);
  store_u16(out_.data(), static_cast<std::uint16_t>(size.value_or(0)));
  out_.resize(size ? k_length_bytes + *size : 0);
  const bool is_whole = !transfer_->has_broken_off();
  if (transfer_->is_done()) transfer_ = nullptr;
  check(transfer_ == nullptr || !out_.empty(), "a transfer that goes on has a message to send");
  return is_whole;
}

}  // namespace rollcall::net
