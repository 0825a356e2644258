#include "client/dns_channel.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "base/limits.h"
#include "client/private_ares.h"
#include "dns/query.h"

namespace rollcall::client {
namespace {

constexpr std::uint16_t k_recursion_desired = 0x0100;  // the server may be a recursive resolver

// Writes header, question and OPT. Not left to c-ares, which does not parse \DDD escapes in names.
std::vector<std::uint8_t> write_question(const dns::Name& name, dns::Type type) {
  std::array<std::uint8_t, limits::k_udp_payload_min> room;
  ByteWriter writer(room);
  std::random_device random;  // an unpredictable ID makes spoofed answers harder (RFC 5452)
  writer.u16(static_cast<std::uint16_t>(random()));
  writer.u16(k_recursion_desired);
  for (const std::uint16_t count : std::array<std::uint16_t, 4>{1, 0, 0, 1}) writer.u16(count);
  writer.bytes(name.wire());
  writer.u16(static_cast<std::uint16_t>(type));
  writer.u16(static_cast<std::uint16_t>(dns::Class::in));
  writer.u8(0);  // the owner name of OPT is the root (RFC 6891 §6.1.2)
  writer.u16(static_cast<std::uint16_t>(dns::Type::opt));
  writer.u16(limits::k_client_udp_payload);
  writer.u32(0);
  writer.u16(0);
  return {writer.written().begin(), writer.written().end()};
}

std::string trouble_of(int status) {
  switch (status) {
    case ARES_ETIMEOUT: return "does not answer in time";
    case ARES_ECONNREFUSED: return "cannot be reached";
    case ARES_EBADRESP: return "sends what is no answer";
    default: return std::string("cannot be asked: ") + ares_strerror(status);
  }
}

}  // namespace

DnsChannel::DnsChannel(const IpEndpoint& server, Transport transport, std::chrono::milliseconds timeout) {
  ares_options options{};
  options.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS;
  if (transport == Transport::tcp) options.flags |= ARES_FLAG_USEVC;
  options.ednspsz = limits::k_client_udp_payload;
  options.timeout = static_cast<int>(timeout.count());
  options.tries = 1;
  options.sock_state_cb = [](void* self, ares_socket_t socket, int readable, int writable) {
    auto& sockets = static_cast<DnsChannel*>(self)->sockets_;
    const int events = (readable != 0 ? POLLIN : 0) | (writable != 0 ? POLLOUT : 0);
    if (events == 0) {
      sockets.erase(socket);
    } else {
      sockets[socket] = static_cast<short>(events);
    }
  };
  options.sock_state_cb_data = this;
  const int given = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  if (ares_init_options(&channel_, &options, given) != ARES_SUCCESS) {
    channel_ = nullptr;
    return;
  }
  ares_set_socket_functions(channel_, &k_private_sockets, nullptr);
  if (ares_set_servers_ports_csv(channel_, server.text().c_str()) == ARES_SUCCESS) return;
  ares_destroy(std::exchange(channel_, nullptr));
}

DnsChannel::~DnsChannel() {
  if (channel_ != nullptr) ares_destroy(channel_);
}

void DnsChannel::ask(const dns::Name& name, dns::Type type, Answered answered) {
  if (channel_ == nullptr) return answered({}, "cannot be asked: out of memory");
  const std::vector<std::uint8_t> question = write_question(name, type);
  const auto on_answer = [](void* given, int status, int, unsigned char* message, int size) {
    const std::unique_ptr<Answered> kept(static_cast<Answered*>(given));
    if (status == ARES_EDESTRUCTION) return;
    if (message == nullptr || size <= 0) return (*kept)({}, trouble_of(status));
    (*kept)({message, static_cast<std::size_t>(size)}, {});
  };
  ares_send(channel_, question.data(), static_cast<int>(question.size()), on_answer,
            std::make_unique<Answered>(std::move(answered)).release());
}

void DnsChannel::add_sockets(std::vector<pollfd>& polled) const {
  for (const auto& [socket, events] : sockets_) polled.push_back({.fd = socket, .events = events, .revents = 0});
}

void DnsChannel::process(const std::vector<pollfd>& polled) {
  if (channel_ == nullptr) return;
  for (const pollfd& ready : polled) {
    if (ready.revents == 0 || !sockets_.contains(ready.fd)) continue;
    const bool is_readable = (ready.revents & ~POLLOUT) != 0;  // POLLERR and POLLHUP count as readable
    const bool is_writable = (ready.revents & POLLOUT) != 0;
    ares_process_fd(channel_, is_readable ? ready.fd : ARES_SOCKET_BAD, is_writable ? ready.fd : ARES_SOCKET_BAD);
  }
  ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

std::chrono::milliseconds DnsChannel::time_left(std::chrono::milliseconds most) const {
  timeval left{};
  if (channel_ == nullptr || ares_timeout(channel_, nullptr, &left) == nullptr) return most;
  const auto exact = std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
  return std::min(most, std::chrono::ceil<std::chrono::milliseconds>(exact));
}

}  // namespace rollcall::client
