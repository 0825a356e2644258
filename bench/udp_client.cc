#include "udp_client.h"

#include <arpa/inet.h>
#include <cmath>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <stdexcept>
#include <unistd.h>
#include <utility>

#include "cpu_time.h"

namespace rollcall::bench {
namespace {

constexpr int k_receive_buffer = 4 << 20;

std::uint64_t ns_of(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

int connect_to(const std::string& address, std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &at.sin_addr) != 1) throw std::runtime_error(address + " is no IPv4 address");
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) throw std::runtime_error("no socket");
  // As root beyond the system's limit, else up to it.
  if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &k_receive_buffer, sizeof k_receive_buffer) != 0) {
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &k_receive_buffer, sizeof k_receive_buffer);
  }
  if (connect(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
    throw std::runtime_error("cannot connect");
  return socket;
}

std::uint64_t wall_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return ns_of(now);
}

// When the message was at the socket, by the wall clock (SO_TIMESTAMPNS).
std::uint64_t came_at(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec time{};
    std::memcpy(&time, CMSG_DATA(part), sizeof time);
    return ns_of(time);
  }
  throw std::runtime_error("an answer without the time at which it came");
}

}  // namespace

Pace::Pace(double rate, Latency latency) : latency_(latency) {
  if (rate <= 0) return;
  interval_ns_ = 1e9 / rate;
  next_ns_ = static_cast<double>(now_ns());
}

std::uint64_t Pace::begin_round(std::uint64_t now, std::size_t at_most) {
  left_ = at_most;
  const double overdue_ns = static_cast<double>(now) - next_ns_;
  if (interval_ns_ == 0 || latency_ == Latency::whole || had_no_slot_ || overdue_ns <= k_overdue_ns) return 0;
  const double skipped = std::ceil((overdue_ns - k_overdue_ns) / interval_ns_);
  next_ns_ += skipped * interval_ns_;
  return static_cast<std::uint64_t>(skipped);
}

std::uint64_t Pace::take(std::uint64_t now) {
  if (interval_ns_ == 0) return now;
  const auto due = static_cast<std::uint64_t>(next_ns_);
  next_ns_ += interval_ns_;
  --left_;
  const bool had_no_slot = due <= looked_ns_;
  return latency_ == Latency::whole || had_no_slot ? due : now;
}

UdpClient::UdpClient(const std::string& address, std::uint16_t port, const std::vector<std::string>& questions,
                     std::size_t window, std::uint64_t seed, bool is_echo, Latency latency)
    : questions_(&questions),
      is_echo_(is_echo),
      has_times_(latency == Latency::server),
      random_(seed * 0x9E3779B97F4A7C15U + 1),
      slots_(window),
      buffers_(1) {
  if (window > k_window_max) throw std::runtime_error("at most 1024 questions are open on a socket");
  for (const std::string& question : questions) {
    if (question.size() > k_question_bytes) throw std::runtime_error("a question is too long");
  }
  for (std::size_t i = 0; i < window; ++i) {
    slots_[i].id = static_cast<std::uint16_t>(i);
    free_.push_back(static_cast<std::uint16_t>(i));
  }
  Buffers& own = buffers_.front();
  for (std::size_t i = 0; i < k_batch; ++i) {
    own.out[i] = {};
    own.in[i] = {};
    own.in_vectors[i] = {own.answers[i].data(), k_answer_bytes};
    own.in[i].msg_hdr.msg_iov = &own.in_vectors[i];
    own.out[i].msg_hdr.msg_iov = &own.out_vectors[i];
    own.in[i].msg_hdr.msg_iovlen = own.out[i].msg_hdr.msg_iovlen = 1;
  }
  socket_ = connect_to(address, port);
  if (const int on = 1; has_times_ && setsockopt(socket_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) {
    throw std::runtime_error("the system does not tell when an answer came");
  }
}

UdpClient::UdpClient(UdpClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      questions_(other.questions_),
      is_echo_(other.is_echo_),
      has_times_(other.has_times_),
      random_(other.random_),
      slots_(std::move(other.slots_)),
      free_(std::move(other.free_)),
      buffers_(std::move(other.buffers_)) {}

UdpClient::~UdpClient() {
  if (socket_ >= 0) close(socket_);
}

void UdpClient::prepare_to_receive() {
  Buffers& own = buffers_.front();
  for (std::size_t i = 0; i < k_batch; ++i) {
    own.in[i].msg_hdr.msg_control = own.controls[i].data();
    own.in[i].msg_hdr.msg_controllen = k_control_bytes;
  }
}

bool UdpClient::receive(Tally& tally) {
  Buffers& own = buffers_.front();
  if (has_times_) prepare_to_receive();
  const int received = recvmmsg(socket_, own.in.data(), k_batch, MSG_DONTWAIT, nullptr);
  if (received <= 0) return false;
  const std::uint64_t now = now_ns();
  const std::uint64_t wall_ahead = has_times_ ? wall_ns() - now : 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i) {
    const std::uint64_t came = has_times_ ? came_at(own.in[i].msg_hdr) - wall_ahead : now;
    take_answer(own.answers[i].data(), own.in[i].msg_len, came, tally);
  }
  return true;
}

void UdpClient::take_answer(const unsigned char* message, std::size_t size, std::uint64_t now, Tally& tally) {
  if (size < 12) return;
  const auto id = static_cast<std::uint16_t>(message[0] << 8 | message[1]);
  const std::size_t slot = id & (k_window_max - 1);
  if (slot >= slots_.size() || slots_[slot].id != id || slots_[slot].since_ns == 0) return;  // given up already
  tally.latencies.add(now > slots_[slot].since_ns ? now - slots_[slot].since_ns : 0);  // two clocks: a hair's breadth
  if (!is_echo_) count(message, tally);
  free_slot(slot);
}

void UdpClient::count(const unsigned char* header, Tally& tally) const {
  const unsigned rcode = header[3] & 0x0fU;
  if ((header[2] & 0x02U) != 0) ++tally.truncated;
  if (rcode == 2) {
    ++tally.servfail;
  } else if (rcode != 0) {
    ++tally.other_rcode;
  } else if (header[6] == 0 && header[7] == 0) {
    ++tally.empty;
  }
}

void UdpClient::free_slot(std::size_t slot) {
  slots_[slot].since_ns = 0;
  slots_[slot].id = static_cast<std::uint16_t>(slots_[slot].id + k_window_max);
  free_.push_back(static_cast<std::uint16_t>(slot));
}

// Writes a question with the id of a free slot into the batch, and returns the slot.
std::uint16_t UdpClient::fill(std::size_t at) {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const std::string& question = (*questions_)[random_ % questions_->size()];
  const std::uint16_t slot = free_.back();
  free_.pop_back();
  Buffers& own = buffers_.front();
  std::memcpy(own.questions[at].data(), question.data(), question.size());
  own.questions[at][0] = static_cast<char>(slots_[slot].id >> 8);
  own.questions[at][1] = static_cast<char>(slots_[slot].id);
  own.out_vectors[at] = {own.questions[at].data(), question.size()};
  return slot;
}

bool UdpClient::send(Pace& pace, Tally& tally) {
  if (!has_times_) return send_batch(k_batch, pace, tally);
  // One by one: of a batch that is interrupted, the rest would be thought to have left before.
  std::size_t sent = 0;
  while (sent < k_batch && send_batch(1, pace, tally)) ++sent;
  return sent > 0;
}

bool UdpClient::send_batch(std::size_t most, Pace& pace, Tally& tally) {
  const std::uint64_t now = now_ns();
  std::array<std::uint16_t, k_batch> filled;
  std::size_t count = 0;
  for (; count < most && !free_.empty() && pace.is_due(now); ++count) {
    filled[count] = fill(count);
    slots_[filled[count]].since_ns = pace.take(now);
  }
  if (count == 0) return false;
  const int sent = sendmmsg(socket_, buffers_.front().out.data(), static_cast<unsigned>(count), 0);
  for (std::size_t i = static_cast<std::size_t>(std::max(sent, 0)); i < count; ++i) {
    ++tally.lost;
    free_slot(filled[i]);
  }
  return sent > 0;
}

void UdpClient::give_up_late(Tally& tally) {
  const std::uint64_t now = now_ns();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].since_ns == 0 || now < slots_[i].since_ns + k_give_up_ns) continue;
    ++tally.lost;
    free_slot(i);
  }
}

}  // namespace rollcall::bench
