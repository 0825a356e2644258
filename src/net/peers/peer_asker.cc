#include "net/peers/peer_asker.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <fmt/format.h>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "base/log.h"
#include "base/private_socket.h"
#include "cluster/wire/poll_rules.h"
#include "net/sockets/asio_address.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using cluster::PeerMessage;
using cluster::PeerRefusal;
using std::chrono::steady_clock;

// "host:port" with a name for a host.
std::optional<std::pair<std::string, std::uint16_t>> parse_named(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::uint16_t port = 0;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failed != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  return std::pair(std::string(text.substr(0, colon)), port);
}

}  // namespace

PeerAsker::PeerAsker(const PeerAskers& shared, cluster::PeerAddress peer)
    : shared_(shared),
      peer_(std::move(peer)),
      pause_(shared.loop.context()),
      step_(shared.loop.context(), steady_clock::time_point::max()) {}

void PeerAsker::start() {
  asio::co_spawn(shared_.loop.context(), [self = shared_from_this()] { return self->run(); }, asio::detached);
}

void PeerAsker::close() {
  is_closed_ = true;
  stop_connecting();
  if (greeting_) greeting_->close();
  if (link_) link_->close();
  pause_.cancel();
  step_.cancel();
  if (std::exchange(waiting_, std::nullopt)) PeerCounts::add(shared_.counts.polls_given_up);
  while (!asked_.empty()) reply(asked_.begin()->first, std::nullopt);
}

asio::awaitable<void> PeerAsker::run() {
  while (!is_closed_) {
    tcp::socket socket(shared_.loop.context());
    std::vector<IpEndpoint> endpoints = co_await find_endpoints();
    if (is_closed_) co_return;
    bool is_reached = false;
    if (!endpoints.empty()) is_reached = co_await connect(socket, std::move(endpoints));
    if (is_closed_) co_return;
    if (is_reached) {
      greeting_ = std::make_shared<PeerLink>(shared_.loop, Stream(std::move(socket), shared_.tls), PeerLink::Side::asks,
                                             peer_.name, shared_.counts);
      const std::shared_ptr<PeerLink> link = greeting_;
      const std::optional<std::string> name = co_await link->greet(shared_.self);
      greeting_ = nullptr;
      if (is_closed_) co_return;
      if (name) {
        co_await talk(link);
      } else {
        shared_.counts.fail_to_connect(peer_.name, "the two did not agree; a line before, or its own log, says why");
      }
    }
    if (is_closed_) co_return;
    co_await pause();
  }
}

// So that nodes which have lost the same one do not come back in step.
asio::awaitable<void> PeerAsker::pause() {
  const auto least = again_ / 2;
  pause_.expires_after(least + std::chrono::milliseconds(random_.below(static_cast<std::uint32_t>(again_.count()))));
  again_ = std::min(again_ * 2, limits::k_peer_again_max);
  boost::system::error_code ignored;
  co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<std::vector<IpEndpoint>> PeerAsker::find_endpoints() {
  if (const auto literal = IpEndpoint::parse(peer_.address)) co_return std::vector{*literal};
  const auto named = parse_named(peer_.address);
  if (!named) {
    shared_.counts.fail_to_connect(peer_.name, fmt::format("\"{}\" is no host:port", peer_.address));
    co_return std::vector<IpEndpoint>();
  }
  auto found = std::make_shared<std::optional<Result<std::vector<IpAddress>>>>();
  step_.expires_after(limits::k_peer_hello);
  shared_.names.find(named->first, [found, self = weak_from_this()](const Result<std::vector<IpAddress>>& addresses) {
    *found = addresses;
    if (const auto asker = self.lock()) asker->step_.cancel();
  });
  if (!*found) {
    boost::system::error_code ignored;
    co_await step_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  std::vector<IpEndpoint> endpoints;
  if (!*found || !**found) {
    const std::string sentence = *found ? (*found)->error().message : "its name is not found in time";
    if (!is_closed_) shared_.counts.fail_to_connect(peer_.name, sentence);
    co_return endpoints;
  }
  for (const IpAddress& address : ***found) endpoints.push_back({address, named->second});
  co_return endpoints;
}

// One after the other; each has its part of the time.
asio::awaitable<bool> PeerAsker::connect(tcp::socket& socket, std::vector<IpEndpoint> endpoints) {
  boost::system::error_code error = asio::error::host_unreachable;
  for (const IpEndpoint& endpoint : endpoints) {
    const tcp::endpoint to(asio_address(endpoint.address), endpoint.port);
    boost::system::error_code ignored;
    socket.close(ignored);
    open_private(socket, to.protocol(), error);
    if (error) continue;
    socket.set_option(tcp::no_delay(true), ignored);
    step_.expires_after(limits::k_peer_patience);
    connecting_ = &socket;
    step_.async_wait([self = shared_from_this()](const boost::system::error_code& moved) {
      if (!moved) self->stop_connecting();
    });
    co_await socket.async_connect(to, asio::redirect_error(asio::use_awaitable, error));
    connecting_ = nullptr;
    step_.cancel();
    if (!error || is_closed_) break;
  }
  if (error && !is_closed_) {
    const std::string sentence = fmt::format("{}: {}", peer_.address, error.message());
    shared_.counts.fail_to_connect(peer_.name, sentence);
  }
  co_return !error && !is_closed_;
}

void PeerAsker::stop_connecting() {
  boost::system::error_code ignored;
  if (connecting_ != nullptr) connecting_->close(ignored);
}

asio::awaitable<void> PeerAsker::talk(std::shared_ptr<PeerLink> link) {
  link_ = link;
  PeerCounts::add(shared_.counts.connects);
  shared_.counts.connected.fetch_add(1, std::memory_order_relaxed);
  log::info("connected to node {} at {}", peer_.name, peer_.address);
  write();
  while (link->is_open()) {
    std::optional<PeerMessage> message = co_await link->read(k_answer_frames);
    if (!message || !take(*link, std::move(*message))) break;
  }
  lose(*link);
}

void PeerAsker::lose(PeerLink& link) {
  link.close();
  link_ = nullptr;
  shared_.counts.connected.fetch_sub(1, std::memory_order_relaxed);
  if (std::exchange(under_way_, std::nullopt)) PeerCounts::add(shared_.counts.polls_given_up);
  std::vector<std::uint64_t> lost;
  for (const auto& [number, asked] : asked_) {
    if (asked.is_sent) lost.push_back(number);
  }
  for (const std::uint64_t number : lost) reply(number, std::nullopt);
  if (!is_closed_) log::info("the connection to node {} is lost", peer_.name);
}

bool PeerAsker::take(PeerLink& link, PeerMessage message) {
  if (const auto* answer = std::get_if<cluster::PollAnswer>(&message.body)) {
    return take_answer(link, message.number, *answer);
  }
  reply(message.number, std::get<cluster::DrainAnswer>(message.body));  // one that nobody waits for any more is dropped
  return true;
}

bool PeerAsker::take_answer(PeerLink& link, std::uint64_t number, const cluster::PollAnswer& answer) {
  if (!under_way_ || under_way_->number != number) {
    link.refuse(PeerRefusal::malformed);
    return false;
  }
  if (const auto refusal = cluster::judge(under_way_->poll.request, answer)) {
    link.refuse(*refusal);
    return false;
  }
  link.cancel_deadline();
  const std::chrono::duration<double> round_trip = steady_clock::now() - under_way_->written;
  again_ = limits::k_peer_again_min;
  shared_.counts.round_trips.record(round_trip.count());
  PeerCounts::add(shared_.counts.polls_answered);
  const cluster::SentPoll poll = std::move(under_way_->poll);
  under_way_.reset();
  shared_.service.take(poll, answer);
  write();
  return true;
}

void PeerAsker::send(cluster::SentPoll poll) {
  if (waiting_) PeerCounts::add(shared_.counts.polls_given_up);
  waiting_ = std::move(poll);
  write();
}

void PeerAsker::ask(cluster::DrainQuestion question, DrainReply reply_to) {
  if (is_closed_ || asked_.size() >= limits::k_peer_questions_max) return reply_to(std::nullopt);
  const std::uint64_t number = next_number_++;
  const auto [at, is_new] = asked_.try_emplace(number, shared_.loop, std::move(question), std::move(reply_to));
  at->second.patience.expires_after(limits::k_peer_question);
  at->second.patience.async_wait([self = weak_from_this(), number](const boost::system::error_code& moved) {
    if (moved) return;
    if (const auto asker = self.lock()) asker->reply(number, std::nullopt);
  });
  write();
}

void PeerAsker::reply(std::uint64_t number, std::optional<cluster::DrainAnswer> answer) {
  const auto at = asked_.find(number);
  if (at == asked_.end()) return;
  const DrainReply to = std::move(at->second.reply);
  asked_.erase(at);
  to(answer);
}

std::optional<PeerMessage> PeerAsker::next_message() {
  for (auto& [number, asked] : asked_) {
    if (std::exchange(asked.is_sent, true)) continue;
    return PeerMessage{number, asked.question};
  }
  if (!waiting_ || under_way_) return std::nullopt;
  under_way_ = UnderWay{next_number_++, std::move(*waiting_), steady_clock::now()};
  waiting_.reset();
  link_->expires_after(limits::k_peer_patience);
  PeerCounts::add(shared_.counts.polls_sent);
  return PeerMessage{under_way_->number, under_way_->poll.request};
}

void PeerAsker::write() {
  if (link_ == nullptr || !link_->is_open() || is_writing_) return;
  is_writing_ = true;
  asio::co_spawn(
      shared_.loop.context(), [self = shared_from_this(), link = link_] { return self->write_all(link); },
      asio::detached);
}

asio::awaitable<void> PeerAsker::write_all(std::shared_ptr<PeerLink> link) {
  while (link == link_ && link->is_open()) {
    std::optional<PeerMessage> message = next_message();
    if (!message) break;
    const bool is_written = co_await link->write(std::move(*message));
    if (!is_written) break;
  }
  is_writing_ = false;
  if (link != link_) write();  // connected again meanwhile
}

}  // namespace rollcall::net
