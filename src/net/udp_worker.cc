#include "net/udp_worker.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <ctime>

#include "base/rcu.h"

namespace rollcall::net {

UdpWorker::UdpWorker(EventLoop& loop, Descriptor socket, const answer::Responder& responder,
                     const registry::TimeSource& clock, answer::WorkerState& state)
    : socket_(loop.context(), socket.release()),
      responder_(responder),
      clock_(clock),
      state_(state),
      queries_(k_batch * k_query_bytes_max),
      replies_(k_batch * responder.udp_payload()),
      slots_(k_batch) {
  for (std::size_t i = 0; i < k_batch; ++i) {
    in_vectors_[i] = {queries_.data() + i * k_query_bytes_max, k_query_bytes_max};
    in_[i].msg_hdr.msg_iov = &in_vectors_[i];
    in_[i].msg_hdr.msg_iovlen = 1;
    in_[i].msg_hdr.msg_name = &slots_[i].peer;
    in_[i].msg_hdr.msg_control = slots_[i].control.data();
    out_[i].msg_hdr.msg_iovlen = 1;
  }
}

boost::asio::awaitable<void> UdpWorker::run() {
  boost::system::error_code error;
  while (!error) {
    for (int i = 0; i < k_batches_in_a_row; ++i) {
      const std::size_t received = receive();
      send(answer(received));
      if (received < k_batch) break;
    }
    co_await socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                boost::asio::redirect_error(boost::asio::use_awaitable, error));
  }
}

std::size_t UdpWorker::receive() {
  for (std::size_t i = 0; i < k_batch; ++i) {
    in_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    in_[i].msg_hdr.msg_controllen = k_control_bytes;
  }
  const int received = recvmmsg(socket_.native_handle(), in_.data(), k_batch, MSG_DONTWAIT, nullptr);
  return received > 0 ? static_cast<std::size_t>(received) : 0;
}

// Answers go out to where their queries came from, and from the address they went to: the control data of a query (its
// destination, on a socket bound to every address) is the answer's.
std::size_t UdpWorker::answer(std::size_t received) {
  if (received == 0) return 0;
  const registry::LeaseTime now = clock_.now();
  state_.wall_seconds = static_cast<std::uint32_t>(std::time(nullptr));
  const rcu::ReadLock lock;
  std::size_t count = 0;
  for (std::size_t i = 0; i < received; ++i) {
    const msghdr& query = in_[i].msg_hdr;
    if ((query.msg_flags & MSG_TRUNC) != 0) {
      state_.counters.count_silence();
      continue;
    }
    const WritableBytes room(replies_.data() + count * responder_.udp_payload(), responder_.udp_payload());
    const Bytes message(queries_.data() + i * k_query_bytes_max, in_[i].msg_len);
    const std::size_t size =
        responder_.respond(message, {answer::Transport::udp, address_of(slots_[i].peer)}, now, room, state_);
    if (size == 0) continue;
    out_vectors_[count] = {room.data(), size};
    msghdr& reply = out_[count].msg_hdr;
    reply.msg_iov = &out_vectors_[count];
    reply.msg_name = query.msg_name;
    reply.msg_namelen = query.msg_namelen;
    reply.msg_control = query.msg_controllen > 0 ? query.msg_control : nullptr;
    reply.msg_controllen = query.msg_controllen;
    ++count;
  }
  return count;
}

void UdpWorker::send(std::size_t count) {
  std::size_t sent = 0;
  while (sent < count) {
    const int now_sent =
        sendmmsg(socket_.native_handle(), out_.data() + sent, static_cast<unsigned>(count - sent), MSG_DONTWAIT);
    if (now_sent > 0) {
      sent += static_cast<std::size_t>(now_sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;  // the socket's buffer is full: what is lost here the client asks for again
    } else if (errno != EINTR) {
      ++sent;  // this one cannot be sent (an unreachable peer); the others can
    }
  }
}

}  // namespace rollcall::net
