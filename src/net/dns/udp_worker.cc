#include "net/dns/udp_worker.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <pthread.h>
#include <sys/socket.h>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/rcu.h"
#include "net/dns/short_slice.h"
#include "net/dns/wake_up.h"

namespace rollcall::net {
namespace {

// After a failed receive: one that failed for lack of memory would fail again at once.
constexpr std::chrono::milliseconds k_pause_after_failure{1};

// Beyond it a datagram cannot be sent at all, whatever the settings and the client allow.
std::size_t payload_max(int socket) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  const bool is_known = getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) == 0;
  return is_known && own.ss_family == AF_INET6 ? limits::k_udp_payload_ipv6_max : limits::k_udp_payload_ipv4_max;
}

}  // namespace

UdpWorker::UdpWorker(Descriptor socket, const answer::Responder& responder, const registry::TimeSource& clock)
    : socket_(std::move(socket)),
      responder_(responder),
      clock_(clock),
      batch_(std::min(responder.udp_payload(), payload_max(socket_.get()))) {}

UdpWorker::~UdpWorker() { stop(); }

void UdpWorker::start(const std::string& name) {
  let_signals_wake();
  thread_ = std::thread([this, name] {
    pthread_setname_np(pthread_self(), name.c_str());
    take_short_slices();
    {
      const rcu::Thread reader;
      run();
    }
    has_ended_.store(true, std::memory_order_release);
  });
}

void UdpWorker::stop() {
  if (!thread_.joinable()) return;
  is_stopping_.store(true, std::memory_order_relaxed);
  wake_until(thread_.native_handle(), has_ended_);
  thread_.join();
}

void UdpWorker::run() {
  while (!is_stopping_.load(std::memory_order_relaxed)) {
    const std::size_t received = batch_.receive(socket_.get());
    if (received > 0) {
      steps_.begin();
      answer(received);
      steps_.end();
    } else {
      std::this_thread::sleep_for(k_pause_after_failure);
    }
  }
}

void UdpWorker::answer(std::size_t received) {
  check(received <= UdpBatch::k_batch, "no more datagrams are answered than a batch holds");
  const std::chrono::steady_clock::time_point taken_at = std::chrono::steady_clock::now();
  std::size_t answers = 0;
  const registry::LeaseTime now = clock_.at(taken_at);
  state_.wall_seconds = static_cast<std::uint32_t>(std::time(nullptr));
  {
    const rcu::ReadLock lock;
    for (std::size_t i = 0; i < received; ++i) responder_.read_ahead(batch_.query(i), ahead_[i]);
    for (std::size_t i = 0; i < received; ++i) responder_.fetch_ahead(ahead_[i]);
    for (std::size_t i = 0; i < received; ++i) {
      if (batch_.is_cut_short(i)) {
        state_.counters.count_silence();
        continue;
      }
      const answer::Client client{answer::Transport::udp, address_of(batch_.peer(i))};
      const answer::Response response =
          responder_.respond(batch_.query(i), client, now, batch_.room(), state_, &ahead_[i]);
      check(std::holds_alternative<std::monostate>(response.following), "an answer over UDP is one message");
      if (response.bytes == 0) continue;
      batch_.add(i, response.bytes);
      ++answers;
    }
  }
  batch_.send(socket_.get());
  if (answers > 0) state_.counters.count_duration(std::chrono::steady_clock::now() - taken_at, answers);
}

}  // namespace rollcall::net
