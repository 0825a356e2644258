#include "net/sockets/outbox.h"

#include <utility>

#include "base/check.h"

namespace rollcall::net {
namespace {

constexpr std::size_t k_segment_bytes = std::size_t{64} << 10;  // small texts are joined up to this
constexpr std::size_t k_moved_bytes = std::size_t{16} << 10;    // longer ones are moved in: copying costs more
constexpr std::size_t k_kept_bytes = std::size_t{4} << 10;

}  // namespace

std::size_t Outbox::bytes() const {
  if (empty()) return 0;
  std::size_t sum = front_.capacity() > k_segment_bytes ? front_.capacity() : front_.size() - sent_;
  for (const std::string& segment : rest_) sum += segment.capacity();
  return sum;
}

std::string& Outbox::tail() {
  std::string& last = rest_.empty() ? front_ : rest_.back();
  return last.size() < k_segment_bytes ? last : rest_.emplace_back();
}

void Outbox::append(std::string text) {
  if (text.empty()) return;
  if (text.size() < k_moved_bytes) {
    tail() += text;
  } else if (front_.empty()) {
    front_ = std::move(text);
  } else {
    if (!rest_.empty() && rest_.back().empty()) rest_.pop_back();
    rest_.push_back(std::move(text));
  }
}

void Outbox::consume(std::size_t octets) {
  check(octets <= front().size(), "no more is sent than there is");
  sent_ += octets;
  if (sent_ == front_.size()) advance();
}

std::string Outbox::take_front() {
  check(!empty(), "there is something to take");
  if (sent_ > 0) front_.erase(0, sent_);
  std::string taken = std::exchange(front_, {});
  advance();
  return taken;
}

void Outbox::clear() {
  sent_ = 0;
  rest_.clear();
  front_.clear();
  front_.shrink_to_fit();
}

void Outbox::shrink() {
  if (front_.capacity() > k_kept_bytes && front_.size() <= k_kept_bytes) front_.shrink_to_fit();
  if (rest_.empty()) rest_.shrink_to_fit();
}

// The front has been sent: the next segment is. Its memory is kept for the next small answer.
void Outbox::advance() {
  sent_ = 0;
  if (rest_.empty()) {
    front_.clear();
    if (front_.capacity() > k_segment_bytes) front_.shrink_to_fit();  // an empty string assigned would keep the memory
    return;
  }
  front_ = std::move(rest_.front());
  rest_.erase(rest_.begin());
}

}  // namespace rollcall::net
