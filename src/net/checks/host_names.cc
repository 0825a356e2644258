#include "net/checks/host_names.h"

#include <algorithm>
#include <ares.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <system_error>
#include <unistd.h>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/local_error.h"
#include "base/private_socket.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr int k_try_ms = 2'000;  // for the first answer; c-ares doubles it for each further try
constexpr int k_tries = 2;

Result<std::vector<IpAddress>> addresses_of(const std::string& host, int status, const ares_addrinfo* info,
                                            std::chrono::seconds& ttl) {
  if (status != ARES_SUCCESS || info == nullptr) {
    return failure(Errc::invalid, fmt::format("the host name {} is not found: {}", host, ares_strerror(status)));
  }
  std::vector<IpAddress> addresses;
  for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
    ttl = std::min(ttl, std::chrono::seconds(node->ai_ttl));
    if (node->ai_family == AF_INET) {
      const auto* address = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(&address->sin_addr);
      addresses.push_back(IpAddress::v4(std::span<const std::uint8_t, 4>(bytes, 4)));
    } else if (node->ai_family == AF_INET6) {
      const auto* address = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
      addresses.push_back(IpAddress::v6(std::span<const std::uint8_t, 16>(address->sin6_addr.s6_addr, 16)));
    }
  }
  if (addresses.empty()) return failure(Errc::invalid, fmt::format("the host name {} has no address", host));
  return addresses;
}

Result<std::vector<IpAddress>> not_looked_up(const std::string& host, const std::string& why) {
  return failure(Errc::overloaded, fmt::format("this server cannot look up {}: {}", host, why));
}

// Zero, or why no file can be opened now.
int error_of_opening() {
  const int opened = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (opened < 0) return is_local_error(errno) ? errno : 0;
  ::close(opened);
  return 0;
}

constexpr ares_socket_functions k_private_sockets{.asocket = PrivateSockets::open,
                                                  .aclose = PrivateSockets::close,
                                                  .aconnect = PrivateSockets::connect,
                                                  .arecvfrom = PrivateSockets::receive,
                                                  .asendv = PrivateSockets::send};

}  // namespace

// c-ares says which sockets it waits for, and is told when they are ready, and every so often that time has passed.
class HostNames::Channel : public std::enable_shared_from_this<Channel> {
 public:
  explicit Channel(EventLoop& loop) : loop_(loop), timer_(loop.context()) {}
  ~Channel() { close(); }

  void open() {
    if (is_open_ || is_closed_) return;
    ares_options options{};
    options.timeout = k_try_ms;
    options.tries = k_tries;
    options.sock_state_cb = [](void* self, ares_socket_t socket, int readable, int writable) {
      static_cast<Channel*>(self)->wait_for(socket, readable != 0, writable != 0);
    };
    options.sock_state_cb_data = this;
    const int wanted = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    is_open_ = ares_init_options(&channel_, &options, wanted) == ARES_SUCCESS;
    if (is_open_) ares_set_socket_functions(channel_, &k_private_sockets, &local_error_);
  }

  // c-ares calls back every look-up under way; its result is dropped.
  void close() {
    is_closed_ = true;
    if (!std::exchange(is_open_, false)) return;
    waiting_.clear();
    ares_destroy(channel_);
    for (auto& [socket, watch] : sockets_) watch->descriptor.release();
    sockets_.clear();
    timer_.cancel();
  }

  void find(const std::string& host, Found found) {
    check(!is_closed_ && found, "a look-up begins on an open channel, and its result is delivered");
    if (const auto known = known_.find(host); known != known_.end() && known->second.until > steady_clock::now()) {
      found(known->second.addresses);
      return;
    }
    open();  // where it could not be opened before, because no descriptor was left
    if (!is_open_) return found(not_looked_up(host, "the resolver's settings cannot be read"));
    // c-ares passes over a hosts file that it cannot open, and asks the DNS for a name that only that file has.
    if (const int error = error_of_opening()) {
      return found(not_looked_up(host, std::generic_category().message(error)));
    }
    std::vector<Found>& waiting = waiting_[host];
    waiting.push_back(std::move(found));
    if (waiting.size() > 1) return;
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    auto* asked = new Asked{this, host};
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &Channel::on_answer, asked);
    tick();
  }

 private:
  struct Asked {
    Channel* channel;
    std::string host;
  };
  struct Known {
    Result<std::vector<IpAddress>> addresses;
    steady_clock::time_point until;
  };
  struct Watch {
    explicit Watch(asio::io_context& context, int socket) : descriptor(context, socket) {}
    asio::posix::stream_descriptor descriptor;
    bool wants_read = false;
    bool wants_write = false;
    bool is_reading = false;
    bool is_writing = false;
  };

  static void on_answer(void* given, int status, int, ares_addrinfo* info) {
    const std::unique_ptr<Asked> asked(static_cast<Asked*>(given));
    if (status != ARES_EDESTRUCTION) asked->channel->keep(asked->host, status, info);
    if (info != nullptr) ares_freeaddrinfo(info);
  }

  // Which resource this server lacked, if that made the look-up fail.
  [[nodiscard]] std::optional<std::string> shortage_of(int status) const {
    if (status == ARES_ENOMEM) return "out of memory";
    const bool has_answer = status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA;
    if (has_answer || local_error_ == 0) return std::nullopt;
    return std::generic_category().message(local_error_);
  }

  void keep(const std::string& host, int status, const ares_addrinfo* info) {
    using std::chrono::seconds;
    seconds ttl = std::chrono::duration_cast<seconds>(limits::k_host_name_max);
    Result<std::vector<IpAddress>> found = addresses_of(host, status, info, ttl);
    if (!found) ttl = seconds(0);
    if (const auto shortage = shortage_of(status)) {
      found = not_looked_up(host, *shortage);  // not remembered: the next look-up may succeed
    } else {
      const auto remembered = std::max<steady_clock::duration>(ttl, limits::k_host_name_min);
      if (known_.size() >= limits::k_check_host_names_max) known_.clear();
      known_.insert_or_assign(host, Known{found, steady_clock::now() + remembered});
    }
    const auto waiting = waiting_.extract(host);
    if (waiting.empty()) return;
    for (const Found& each : waiting.mapped()) each(found);
  }

  void wait_for(ares_socket_t socket, bool readable, bool writable) {
    if (!readable && !writable) {  // c-ares closes it
      const auto gone = sockets_.extract(socket);
      if (!gone.empty()) gone.mapped()->descriptor.release();
      return;
    }
    std::shared_ptr<Watch>& watch = sockets_[socket];
    if (watch == nullptr) watch = std::make_shared<Watch>(loop_.context(), socket);
    watch->wants_read = readable;
    watch->wants_write = writable;
    if (readable && !watch->is_reading) wait(socket, watch, asio::posix::descriptor_base::wait_read);
    if (writable && !watch->is_writing) wait(socket, watch, asio::posix::descriptor_base::wait_write);
  }

  void wait(ares_socket_t socket, const std::shared_ptr<Watch>& watch, asio::posix::descriptor_base::wait_type what) {
    const bool reads = what == asio::posix::descriptor_base::wait_read;
    (reads ? watch->is_reading : watch->is_writing) = true;
    watch->descriptor.async_wait(what, [self = weak_from_this(), socket, watch, reads, what](const auto& error) {
      (reads ? watch->is_reading : watch->is_writing) = false;
      const auto channel = self.lock();
      if (error || channel == nullptr || !channel->is_open_) return;
      ares_process_fd(channel->channel_, reads ? socket : ARES_SOCKET_BAD, reads ? ARES_SOCKET_BAD : socket);
      const auto still = channel->sockets_.find(socket);
      if (still == channel->sockets_.end() || still->second != watch) return;
      const bool wanted = reads ? watch->wants_read : watch->wants_write;
      const bool waits = reads ? watch->is_reading : watch->is_writing;
      if (wanted && !waits) channel->wait(socket, watch, what);
    });
  }

  // The timer of c-ares runs only while a look-up is under way.
  void tick() {
    if (is_ticking_ || waiting_.empty()) return;
    is_ticking_ = true;
    timer_.expires_after(std::chrono::milliseconds(k_try_ms / 4));
    timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
      const auto channel = self.lock();
      if (channel == nullptr) return;
      channel->is_ticking_ = false;
      if (error || !channel->is_open_) return;
      ares_process_fd(channel->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      channel->tick();
    });
  }

  EventLoop& loop_;
  asio::steady_timer timer_;
  ares_channel channel_ = nullptr;
  bool is_open_ = false;
  bool is_closed_ = false;
  int local_error_ = 0;  // of the sockets, set by PrivateSockets
  bool is_ticking_ = false;
  std::unordered_map<ares_socket_t, std::shared_ptr<Watch>> sockets_;
  std::map<std::string, std::vector<Found>> waiting_;
  std::unordered_map<std::string, Known> known_;
};

HostNames::HostNames(EventLoop& loop) : channel_(std::make_shared<Channel>(loop)) { channel_->open(); }

HostNames::~HostNames() { channel_->close(); }

void HostNames::find(const std::string& host, Found found) { channel_->find(host, std::move(found)); }

}  // namespace rollcall::net
