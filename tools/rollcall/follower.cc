#include "tools/rollcall/follower.h"

#include <boost/json.hpp>
#include <poll.h>
#include <random>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "client/problem.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds k_idle{40'000};  // a registry sends at least a keep-alive every 15 s
constexpr milliseconds k_pause_min{100};
constexpr milliseconds k_pause_max{5'000};
constexpr milliseconds k_look_for_the_end{50};

std::string text_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* const found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

// Random jitter, so that many followers do not reconnect at the same moment (thundering herd).
milliseconds with_jitter(milliseconds pause) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return milliseconds(std::uniform_int_distribution(pause.count() / 2, pause.count())(random));
}

}  // namespace

std::optional<RollEvent> parse_roll_event(const client::ServerEvent& event) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(event.data, error);
  if (error || !value.is_object()) return std::nullopt;
  const boost::json::object& object = value.get_object();
  return RollEvent{.kind = event.name,
                   .cause = text_of(object, "cause"),
                   .at = text_of(object, "at"),
                   .service = text_of(object, "service"),
                   .id = text_of(object, "id"),
                   .json = event.data};
}

Result<std::unique_ptr<Follower>> Follower::start(const client::HttpSettings& settings, const std::string& zone,
                                                  const std::string& service, NoZone no_zone) {
  Result<client::HttpClient> client = client::HttpClient::open(settings);
  if (!client) return std::unexpected(client.error());
  return std::unique_ptr<Follower>(new Follower(std::move(*client), zone, service, no_zone));
}

Follower::Follower(client::HttpClient client, std::string zone, std::string service, NoZone no_zone)
    : client_(std::move(client)),
      service_(std::move(service)),
      no_zone_(no_zone),
      descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      zone_(std::move(zone)),
      thread_([this] { run(); }) {
  check(descriptor_ >= 0, "an eventfd");
}

Follower::~Follower() {
  is_stopped_ = true;
  client_.stop();
  thread_.join();
  ::close(descriptor_);
}

News Follower::take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(descriptor_, &count, sizeof count);
  return news_.with([](News& news) { return std::exchange(news, News{}); });
}

template <class Change>
void Follower::tell(Change change) {
  news_.with(change);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(descriptor_, &one, sizeof one);
}

void Follower::run() {
  milliseconds pause = k_pause_min;
  bool is_told = false;
  while (!is_stopped_) {
    const Error ended = watch_once();
    if (is_stopped_) return;
    if (std::exchange(is_up_, false)) {
      pause = k_pause_min;
      is_told = false;
    } else if (!std::exchange(is_told, true)) {
      // If a running stream ends, reconnect silently first; report an error only if that fails, too.
      tell([&](News& news) { news.is_away = ended; });
    }
    for (milliseconds left = with_jitter(pause); left.count() > 0 && !is_stopped_; left -= k_look_for_the_end) {
      std::this_thread::sleep_for(std::min(left, k_look_for_the_end));
    }
    pause = std::min(pause * 2, k_pause_max);
  }
}

// Calls without a zone use the first zone that /v1/status lists.
Result<void> Follower::find_zone() {
  if (!zone_.empty() || no_zone_ == NoZone::is_all) return {};
  client::HttpRequest request;
  request.target = "/v1/status";
  const Result<client::HttpResponse> response = client_.call(request);
  if (!response) return std::unexpected(response.error());
  if (!response->is_ok()) return std::unexpected(client::problem_of(*response));
  boost::system::error_code error;
  const boost::json::value status = boost::json::parse(response->body, error);
  const auto zones = error ? std::unexpected(no_registry()) : rows_at(status, "zones");
  if (!zones) return std::unexpected(zones.error());
  if (!(*zones)->empty()) zone_ = raw_text_at((*zones)->front(), "name");
  if (zone_.empty()) return std::unexpected(no_registry());
  return {};
}

Error Follower::watch_once() {
  if (const Result<void> found = find_zone(); !found) return found.error();
  client::HttpRequest request;
  request.target = target_of("/v1/watch", {}, {{"service", service_}, {"zone", zone_}});
  request.last_event_id = last_event_id_;
  const Result<client::HttpResponse> ended = client_.stream(request, k_idle, [this](const client::ServerEvent& event) {
    accept(event);
    return !is_stopped_;
  });
  if (!ended) return ended.error();
  if (!ended->is_ok()) return client::problem_of(*ended);
  return {Errc::unreachable, "the registry has ended the watch"};
}

void Follower::accept(const client::ServerEvent& event) {
  if (!event.id.empty()) last_event_id_ = event.id;
  if (!is_up_) come_up();
  if (event.name.empty()) return;
  if (event.name == "gap") return tell([](News& news) { news.is_everything_new = true; });
  std::optional<RollEvent> read = parse_roll_event(event);
  if (!read) return tell([](News& news) { news.is_everything_new = true; });
  tell([&](News& news) {
    if (news.events.size() < k_waiting_max) return news.events.push_back(std::move(*read));
    news.events.clear();
    news.is_everything_new = true;
  });
}

void Follower::come_up() {
  is_up_ = true;
  const bool is_first = !std::exchange(has_begun_, true);
  tell([&](News& news) {
    news.has_come_up = true;
    news.zone = zone_;
    news.is_away.reset();
    if (is_first) news.is_everything_new = true;
  });
}

}  // namespace rollcall::cli
