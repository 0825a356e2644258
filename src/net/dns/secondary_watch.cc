#include "net/dns/secondary_watch.h"

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/guarded.h"
#include "base/private_socket.h"
#include "base/random.h"
#include "base/rcu.h"
#include "dns/name.h"
#include "dns/query.h"
#include "dns/record_reader.h"
#include "dns/types.h"
#include "net/sockets/asio_address.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using std::chrono::steady_clock;

constexpr std::size_t k_soa_message_bytes = 1232;  // without EDNS a reply has at most 512 octets
constexpr std::string_view k_other_secondaries = "(other)";

// The serial in the SOA of a reply to our question; empty: it is another message, or has none. `is_reply`: it is the reply.
std::optional<dns::Serial> read_serial(Bytes reply, Bytes question, bool& is_reply) {
  constexpr std::uint16_t k_rcode_mask = 0x000F;
  is_reply = reply.size() >= question.size() && load_u16(reply.data()) == load_u16(question.data()) &&
             (load_u16(reply.data() + 2) & dns::k_flag_qr) != 0;
  if (!is_reply || (load_u16(reply.data() + 2) & (k_rcode_mask | dns::k_opcode_mask)) != 0) return std::nullopt;
  const std::optional<dns::MessageRecords> records = dns::read_records(reply);
  if (!records) return std::nullopt;
  const auto soa = std::ranges::find(records->answer, dns::Type::soa, &dns::MessageRecord::type);
  if (soa == records->answer.end() || soa->rdata.size() < dns::k_soa_serial_from_end) return std::nullopt;
  return load_u32(octets(soa->rdata).data() + soa->rdata.size() - dns::k_soa_serial_from_end);
}

}  // namespace

class SecondaryWatch::Target {
 public:
  // What it has told last.
  struct Told {
    bool is_asked = false;  // once at least
    bool tells = false;     // its serial, when it was asked last
    std::uint32_t lag = 0;
    // A serial that was shown here at that time, and that the secondary has not been seen with.
    dns::Serial awaited = 0;
    steady_clock::time_point awaited_since;
    bool is_behind = false;
  };

  Target(EventLoop& loop, const answer::Zones& zones, const Secondary& secondary, LookPace pace)
      : zones_(zones),
        zone_(secondary.zone),
        peer_(asio_address(secondary.endpoint.address), secondary.endpoint.port),
        name_(secondary.endpoint.text()),
        pace_(pace),
        socket_(loop.context()),
        timer_(loop.context()) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Told told() const {
    return told_.with([](const Told& told) { return told; });
  }

  asio::awaitable<void> run(std::chrono::milliseconds first) {
    boost::system::error_code ignored;
    auto done = asio::redirect_error(asio::use_awaitable, ignored);
    timer_.expires_after(first);
    while (true) {
      co_await timer_.async_wait(done);
      co_await ask();
      timer_.expires_after(pace_.interval);
    }
  }

 private:
  asio::awaitable<void> ask();
  [[nodiscard]] std::size_t write_question();
  void note(dns::Serial ours, steady_clock::time_point asked_at, std::optional<dns::Serial> theirs);

  const answer::Zones& zones_;
  const registry::ZoneId zone_;
  const udp::endpoint peer_;
  const std::string name_;
  const LookPace pace_;
  udp::socket socket_;
  asio::steady_timer timer_;
  Random random_ = Random::from_system();
  std::array<std::uint8_t, k_soa_message_bytes> question_{};
  std::array<std::uint8_t, k_soa_message_bytes> reply_{};
  Guarded<Told> told_;
};

asio::awaitable<void> SecondaryWatch::Target::ask() {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  const dns::Serial ours = zones_.serial(zone_);
  const steady_clock::time_point asked_at = steady_clock::now();
  std::optional<dns::Serial> theirs;
  open_private(socket_, peer_.protocol(), error);
  if (!error) socket_.connect(peer_, error);
  if (!error) {
    const std::size_t size = write_question();
    co_await socket_.async_send(asio::buffer(question_.data(), size), done);
    timer_.expires_after(pace_.patience);
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
      boost::system::error_code ignored;
      if (!cancelled) socket_.cancel(ignored);
    });
    for (bool is_reply = false; !error && !is_reply;) {
      const std::size_t got = co_await socket_.async_receive(asio::buffer(reply_), done);
      if (!error) theirs = read_serial(Bytes(reply_).first(got), Bytes(question_).first(size), is_reply);
    }
    timer_.cancel();
  }
  note(ours, asked_at, theirs);
  socket_.close(error);
}

std::size_t SecondaryWatch::Target::write_question() {
  const rcu::ReadLock lock;
  const answer::Zone& zone = zones_.table().zones().at(static_cast<std::size_t>(zone_));
  ByteWriter out(question_);
  out.u16(static_cast<std::uint16_t>(random_.below(0x10000)));
  out.u16(0);  // a query, without recursion
  out.u16(1);  // of one question
  out.u16(0);
  out.u32(0);
  out.bytes(zone.records.apex().wire());
  out.u16(static_cast<std::uint16_t>(dns::Type::soa));
  out.u16(static_cast<std::uint16_t>(dns::Class::in));
  return out.size();
}

void SecondaryWatch::Target::note(dns::Serial ours, steady_clock::time_point asked_at,
                                  std::optional<dns::Serial> theirs) {
  told_.with([&](Told& told) {
    told.is_asked = true;
    told.tells = theirs.has_value();
    if (!theirs) return;
    told.lag = dns::is_newer(ours, *theirs) ? ours - *theirs : 0;
    const bool has_reached = !told.is_behind || !dns::is_newer(told.awaited, *theirs);
    if (has_reached) {
      told.awaited = ours;
      told.awaited_since = asked_at;
    }
    told.is_behind = told.lag > 0;
  });
}

SecondaryWatch::SecondaryWatch(EventLoop& loop, const answer::Zones& zones, const std::vector<Secondary>& secondaries,
                               LookPace pace)
    : loop_(loop), pace_(pace) {
  pace_.interval = std::max(pace_.interval, limits::k_secondary_pace * std::ssize(secondaries));
  for (const Secondary& secondary : secondaries) {
    targets_.push_back(std::make_shared<Target>(loop, zones, secondary, pace_));
  }
}

SecondaryWatch::~SecondaryWatch() = default;

void SecondaryWatch::start() {
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const auto first = pace_.interval * static_cast<std::int64_t>(i) / std::ssize(targets_);
    asio::co_spawn(loop_.context(), targets_[i]->run(first), asio::detached);
  }
}

void SecondaryWatch::put_metrics(MetricsSink& sink) const {
  struct Row {
    bool tells = true;
    std::uint32_t lag = 0;
    std::chrono::duration<double> behind{};
  };
  std::map<std::string_view, Row> rows;
  const steady_clock::time_point now = steady_clock::now();
  for (const auto& target : targets_) {
    const Target::Told told = target->told();
    if (!told.is_asked) continue;
    const bool has_room = rows.contains(target->name()) || rows.size() < limits::k_metric_secondaries_max;
    Row& row = rows[has_room ? std::string_view(target->name()) : k_other_secondaries];
    row.tells = row.tells && told.tells;
    row.lag = std::max(row.lag, told.lag);
    if (told.is_behind) row.behind = std::max(row.behind, std::chrono::duration<double>(now - told.awaited_since));
  }
  std::vector<Sample> tells;
  std::vector<Sample> lags;
  std::vector<Sample> behind;
  for (const auto& [name, row] : rows) {
    const std::vector<std::pair<std::string, std::string>> labels{{"secondary", std::string(name)}};
    tells.push_back({.labels = labels, .value = row.tells ? 1.0 : 0.0});
    lags.push_back({.labels = labels, .value = static_cast<double>(row.lag)});
    behind.push_back({.labels = labels, .value = row.behind.count()});
  }
  sink.gauge("rollcall_secondary_tells_serial",
             "Whether the secondary told the serials of all its zones when it was asked last.", tells);
  sink.gauge("rollcall_secondary_serial_lag", "Steps of the serial that the secondary's oldest zone is behind.", lags);
  sink.gauge("rollcall_secondary_behind_seconds",
             "For how long a serial has been shown here that the secondary has not reached.", behind);
}

}  // namespace rollcall::net
