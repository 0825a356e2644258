#include "net/dns/notifier.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <utility>

#include "answer/transfer/zone_records.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/private_socket.h"
#include "base/rcu.h"
#include "dns/query.h"
#include "net/sockets/asio_address.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

constexpr std::chrono::milliseconds k_pause_after_error{100};
constexpr std::size_t k_message_bytes = 1024;  // a name, an SOA with two more, a signature

}  // namespace

class Notifier::Target {
 public:
  Target(EventLoop& loop, const answer::Zones& zones, Secondary secondary, const std::vector<IpEndpoint>& sources,
         NotifyPace pace)
      : zones_(zones),
        pace_(pace),
        sources_(sources),
        secondary_(std::move(secondary)),
        socket_(loop.context()),
        timer_(loop.context()),
        pause_(loop.context()) {}

  [[nodiscard]] registry::ZoneId zone() const { return secondary_.zone; }
  void open();
  void wake();
  asio::awaitable<void> run();

 private:
  asio::awaitable<void> tell();
  void tell_of(const boost::system::error_code& error);
  void wait_until(std::chrono::steady_clock::time_point end);
  asio::awaitable<bool> is_answered();
  [[nodiscard]] std::size_t write();

  const answer::Zones& zones_;
  const NotifyPace pace_;
  const std::vector<IpEndpoint> sources_;
  const Secondary secondary_;
  udp::socket socket_;
  asio::steady_timer timer_;
  asio::steady_timer pause_;
  std::chrono::steady_clock::time_point sent_at_;
  Random random_ = Random::from_system();
  std::array<std::uint8_t, k_message_bytes> message_{};
  std::array<std::uint8_t, k_message_bytes> reply_{};
  std::uint16_t id_ = 0;
  bool has_news_ = true;
  bool is_idle_ = false;
  bool is_waiting_ = false;  // for an answer, until `timer_` says that it
  bool is_over_ = false;     // is over
  bool was_silent_ = false;
  bool is_usable_ = false;  // the socket; else it is opened anew for the next try
  log::Seldom trouble_;
};

// A secondary knows its primary by the address: the one DNS is served at. Where it is served at any, the system picks.
void Notifier::Target::open() {
  boost::system::error_code error;
  const udp::endpoint peer(asio_address(secondary_.endpoint.address), secondary_.endpoint.port);
  if (socket_.is_open()) socket_.close(error);
  open_private(socket_, peer.protocol(), error);
  is_usable_ = !error;
  if (error) return tell_of(error);
  const auto source = std::ranges::find_if(sources_, [&](const IpEndpoint& each) {
    return each.address.is_v4() == secondary_.endpoint.address.is_v4() &&
           each.address.is_loopback() == secondary_.endpoint.address.is_loopback();
  });
  if (source != sources_.end()) socket_.bind(udp::endpoint(asio_address(source->address), 0), error);
  socket_.connect(peer, error);
  is_usable_ = !error;
  if (error) tell_of(error);
}

void Notifier::Target::tell_of(const boost::system::error_code& error) {
  if (trouble_.is_due(std::chrono::steady_clock::now())) {
    log::warn("NOTIFY to {} cannot be sent: {}", secondary_.endpoint.text(), error.message());
  }
}

void Notifier::Target::wake() {
  has_news_ = true;
  if (is_idle_) timer_.cancel();
  // Nobody has answered the last one: the new serial need not wait for all of its patience.
  const auto soon = sent_at_ + pace_.interval;
  if (is_waiting_ && timer_.expiry() > soon) wait_until(soon);
}

asio::awaitable<void> Notifier::Target::run() {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  while (true) {
    while (!has_news_) {
      is_idle_ = true;
      timer_.expires_at(asio::steady_timer::time_point::max());
      co_await timer_.async_wait(done);
      is_idle_ = false;
    }
    co_await tell();
    timer_.expires_after(pace_.interval);
    co_await timer_.async_wait(done);
  }
}

asio::awaitable<void> Notifier::Target::tell() {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  for (int i = 0; i < limits::k_notify_tries_max; ++i) {
    has_news_ = false;
    if (!is_usable_) open();
    const std::size_t size = write();
    co_await socket_.async_send(asio::buffer(message_.data(), size), done);
    sent_at_ = std::chrono::steady_clock::now();
    wait_until(sent_at_ + pace_.patience * (1 << i));
    const bool answered = co_await is_answered();
    if (answered) {
      was_silent_ = false;
      co_return;
    }
    if (has_news_) i = -1;  // a newer serial begins anew
  }
  if (!was_silent_) log::warn("the secondary {} does not answer NOTIFY", secondary_.endpoint.text());
  was_silent_ = true;
}

void Notifier::Target::wait_until(std::chrono::steady_clock::time_point end) {
  is_over_ = false;
  timer_.expires_at(end);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    is_over_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  });
}

asio::awaitable<bool> Notifier::Target::is_answered() {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  is_waiting_ = true;
  bool answered = false;
  while (!answered && !is_over_) {
    const std::size_t size = co_await socket_.async_receive(asio::buffer(reply_), done);
    if (error && error != asio::error::operation_aborted) {  // nobody is there yet
      pause_.expires_after(k_pause_after_error);
      co_await pause_.async_wait(done);
      continue;
    }
    if (error || size < dns::k_header_bytes) continue;
    const std::uint16_t flags = load_u16(reply_.data() + 2);
    const auto opcode = static_cast<dns::Opcode>((flags & dns::k_opcode_mask) >> 11);
    answered = load_u16(reply_.data()) == id_ && (flags & dns::k_flag_qr) != 0 && opcode == dns::Opcode::notify;
  }
  is_waiting_ = false;
  timer_.cancel();
  co_return answered;
}

// RFC 1996 §3.7: the zone as the question, and its SOA as a hint.
std::size_t Notifier::Target::write() {
  id_ = static_cast<std::uint16_t>(random_.below(0x10000));
  const rcu::ReadLock lock;
  const answer::Zone& zone = zones_.table().zones().at(static_cast<std::size_t>(secondary_.zone));
  const answer::RecordSet soa = answer::soa_record(zone, zones_.serial(secondary_.zone));
  ByteWriter out(message_);
  out.u16(id_);
  out.u16(static_cast<std::uint16_t>(static_cast<unsigned>(dns::Opcode::notify) << 11 | dns::k_flag_aa));
  out.u32(1 << 16 | 1);  // one question, one answer
  out.u32(0);
  out.bytes(zone.records.apex().wire());
  out.u16(static_cast<std::uint16_t>(dns::Type::soa));
  out.u16(static_cast<std::uint16_t>(dns::Class::in));
  const std::size_t question_end = out.size();
  out.bytes(octets(soa[0]));
  const std::size_t size = out.ok() ? out.size() : question_end;
  if (!out.ok()) store_u16(message_.data() + 6, 0);
  if (!secondary_.key) return size;
  return dns::TsigSigner(*secondary_.key).sign(message_, size, static_cast<std::uint64_t>(std::time(nullptr)));
}

Notifier::Notifier(EventLoop& loop, const answer::Zones& zones, std::vector<Secondary> secondaries,
                   const std::vector<IpEndpoint>& sources, NotifyPace pace)
    : loop_(loop) {
  for (Secondary& secondary : secondaries) {
    targets_.push_back(std::make_shared<Target>(loop, zones, std::move(secondary), sources, pace));
    targets_.back()->open();
  }
}

void Notifier::start() {
  for (const auto& target : targets_) asio::co_spawn(loop_.context(), target->run(), asio::detached);
}

void Notifier::notify(registry::ZoneId zone) {
  if (std::ranges::none_of(targets_, [&](const auto& target) { return target->zone() == zone; })) return;
  loop_.post([this, zone] {
    for (const auto& target : targets_) {
      if (target->zone() == zone) target->wake();
    }
  });
}

}  // namespace rollcall::net
