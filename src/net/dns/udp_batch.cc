#include "net/dns/udp_batch.h"

#include <cerrno>
#include <cstring>
#include <netinet/udp.h>

#include "base/check.h"

namespace rollcall::net {
namespace {

// Buffers that begin a page apart would all lie in one set of a first-level cache.
constexpr std::size_t k_line_bytes = 64;
constexpr std::size_t spread(std::size_t bytes) {
  return ((bytes / k_line_bytes) | 1U) * k_line_bytes + 2 * k_line_bytes;
}

constexpr int k_in_place = MSG_DONTWAIT;  // what the socket's buffer cannot take is lost: the client asks again

// The socket's own buffer: what follows finds no room in it either.
bool is_full(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// What udp(7) says where a device or a path cannot cut.
bool refuses_segments(int error) {
  return error == EIO || error == EINVAL || error == EMSGSIZE || error == EOPNOTSUPP || error == ENOPROTOOPT;
}

}  // namespace

UdpBatch::UdpBatch(std::size_t answer_bytes_max)
    : answer_bytes_max_(answer_bytes_max),
      answer_stride_(spread(answer_bytes_max)),
      queries_(k_batch * spread(k_query_bytes_max)),
      answers_(k_batch * answer_stride_),
      slots_(k_batch) {
  for (std::size_t i = 0; i < k_batch; ++i) {
    in_vectors_[i].iov_base = queries_.data() + i * spread(k_query_bytes_max);
    in_vectors_[i].iov_len = k_query_bytes_max;
    in_[i].msg_hdr.msg_iov = &in_vectors_[i];
    in_[i].msg_hdr.msg_iovlen = 1;
    in_[i].msg_hdr.msg_name = &slots_[i].peer;
    in_[i].msg_hdr.msg_control = slots_[i].control.data();
  }
}

std::size_t UdpBatch::receive(int socket) {
  count_ = 0;
  run_count_ = 0;
  for (std::size_t i = 0; i < k_batch; ++i) {
    in_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    in_[i].msg_hdr.msg_controllen = k_control_bytes;
  }
  const int received = recvmmsg(socket, in_.data(), k_batch, MSG_WAITFORONE, nullptr);
  // A socket that is shut down gives nothing, from nobody.
  if (received <= 0 || in_.front().msg_hdr.msg_namelen == 0) return 0;
  return static_cast<std::size_t>(received);
}

// Both go to one peer, from one address.
bool UdpBatch::have_one_way(std::size_t query, std::size_t other) const {
  const msghdr& one = in_[query].msg_hdr;
  const msghdr& two = in_[other].msg_hdr;
  return one.msg_namelen == two.msg_namelen && one.msg_controllen == two.msg_controllen &&
         std::memcmp(one.msg_name, two.msg_name, one.msg_namelen) == 0 &&
         (one.msg_controllen == 0 || std::memcmp(one.msg_control, two.msg_control, one.msg_controllen) == 0);
}

// The run this answer may join; the number of runs: none.
std::size_t UdpBatch::find_run(std::size_t query, std::size_t bytes) const {
  if (bytes > k_segment_bytes_max) return run_count_;
  const std::size_t end = run_count_ - std::min(run_count_, k_runs_searched);
  for (std::size_t i = run_count_; i > end; --i) {
    const Run& run = runs_[i - 1];
    if (run.bytes == bytes && (run.count + 1U) * bytes <= k_run_bytes_max && have_one_way(run.query, query)) {
      return i - 1;
    }
  }
  return run_count_;
}

void UdpBatch::add(std::size_t query, std::size_t bytes) {
  check(query < k_batch && count_ < k_batch, "a batch has one answer for each query at most");
  check(bytes > 0 && bytes <= answer_bytes_max_, "an answer is within the room it was given");
  const std::size_t run = find_run(query, bytes);
  if (run == run_count_) {
    runs_[run_count_++] = {.query = static_cast<std::uint8_t>(query), .bytes = static_cast<std::uint16_t>(bytes)};
  }
  ++runs_[run].count;
  run_of_[count_] = static_cast<std::uint8_t>(run);
  bytes_[count_] = static_cast<std::uint16_t>(bytes);
  ++count_;
}

void UdpBatch::lay_out_runs() {
  std::size_t first = 0;
  for (std::size_t i = 0; i < run_count_; ++i) {
    const msghdr& query = in_[runs_[i].query].msg_hdr;
    msghdr& message = out_[i].msg_hdr;
    message.msg_iov = &out_vectors_[first];
    message.msg_iovlen = 0;
    message.msg_name = query.msg_name;
    message.msg_namelen = query.msg_namelen;
    message.msg_control = query.msg_controllen > 0 ? query.msg_control : nullptr;
    message.msg_controllen = query.msg_controllen;
    if (runs_[i].count > 1) set_segment_size(message, runs_[i]);
    first += runs_[i].count;
  }
  for (std::size_t i = 0; i < count_; ++i) {
    msghdr& message = out_[run_of_[i]].msg_hdr;
    message.msg_iov[message.msg_iovlen++] = {answers_.data() + i * answer_stride_, bytes_[i]};
  }
}

void UdpBatch::set_segment_size(msghdr& message, const Run& run) {
  std::uint8_t* control = slots_[run.query].control.data() + message.msg_controllen;
  cmsghdr head{.cmsg_len = CMSG_LEN(sizeof run.bytes), .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT};
  std::memcpy(control, &head, sizeof head);
  std::memcpy(control + CMSG_LEN(0), &run.bytes, sizeof run.bytes);
  message.msg_control = slots_[run.query].control.data();
  message.msg_controllen += CMSG_SPACE(sizeof run.bytes);
}

void UdpBatch::send(int socket) {
  lay_out_runs();
  std::size_t sent = 0;
  while (sent < run_count_) {
    const int now_sent = sendmmsg(socket, out_.data() + sent, static_cast<unsigned>(run_count_ - sent), k_in_place);
    if (now_sent > 0) {
      sent += static_cast<std::size_t>(now_sent);
    } else if (now_sent < 0 && is_full(errno)) {
      return;
    } else if (now_sent == 0 || errno != EINTR) {
      // This one cannot be sent: its peer is unreachable, or the kernel refuses to cut. The others can be.
      if (out_[sent].msg_hdr.msg_iovlen > 1 && refuses_segments(errno)) send_one_by_one(socket, out_[sent].msg_hdr);
      ++sent;
    }
  }
}

void UdpBatch::send_one_by_one(int socket, const msghdr& run) {
  ++refused_runs_;
  msghdr message = run;
  message.msg_iovlen = 1;
  message.msg_controllen -= CMSG_SPACE(sizeof(std::uint16_t));
  if (message.msg_controllen == 0) message.msg_control = nullptr;
  for (std::size_t i = 0; i < run.msg_iovlen; ++i) {
    message.msg_iov = &run.msg_iov[i];
    sendmsg(socket, &message, k_in_place);
  }
}

}  // namespace rollcall::net
