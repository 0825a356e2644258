#include "tools/rollcall/enrolment.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <random>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "base/duration.h"
#include "client/problem.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/own_address.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr unsigned k_unknown_instance = 404;
constexpr milliseconds k_first_pause{250};
constexpr milliseconds k_drain_portion{1'000};  // of a wait, so that whoever is in a hurry is heard
constexpr milliseconds k_probe_again{100};      // while the program starts
constexpr milliseconds k_probe_again_max{1'000};

}  // namespace

Enrolment::Enrolment(EnrolmentSettings settings, client::HttpClient client)
    : settings_(std::move(settings)),
      client_(std::move(client)),
      changed_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  thread_ = std::thread([this] { run(); });
}

Enrolment::~Enrolment() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
    wanted_ = Wanted::gone;
  }
  is_stopped_ = true;
  client_.stop();
  wake_.notify_all();
  thread_.join();
  ::close(changed_fd_);
}

void Enrolment::want(Wanted wanted) {
  {
    const std::scoped_lock lock(mutex_);
    wanted_ = std::max(wanted_, wanted);
  }
  wake_.notify_all();
}

Enrolment::At Enrolment::at() const {
  const std::scoped_lock lock(mutex_);
  return at_;
}

void Enrolment::clear_changed() const {
  eventfd_t ignored = 0;
  ::eventfd_read(changed_fd_, &ignored);
}

void Enrolment::change(const std::function<void(At&)>& how) {
  {
    const std::scoped_lock lock(mutex_);
    how(at_);
  }
  ::eventfd_write(changed_fd_, 1);
}

bool Enrolment::stay_until(Clock::time_point until, Wanted while_wanted) {
  std::unique_lock lock(mutex_);
  wake_.wait_until(lock, until, [&] { return is_ending_ || wanted_ != while_wanted; });
  return !is_ending_ && wanted_ == while_wanted;
}

void Enrolment::run() {
  keep_present();
  const auto is_wanted = [this](Wanted wanted) {
    const std::scoped_lock lock(mutex_);
    return wanted_ == wanted && !is_ending_;
  };
  if (is_wanted(Wanted::drained)) drain();
  // Drained, it stays on the roll under its own name while it finishes its work: the lease goes on.
  bool is_known = at().has_registered;
  while (stay_until(Clock::now() + next_beat(), Wanted::drained)) is_known = is_known && renew();
  leave();
}

void Enrolment::keep_present() {
  milliseconds probe_pause = k_probe_again;
  milliseconds wait{0};
  while (stay_until(Clock::now() + wait, Wanted::present)) {
    const bool is_well = !settings_.probe || settings_.probe();
    if (is_well != at().is_well) change([&](At& at) { at.is_well = is_well; });
    if (!is_well) {
      wait = probe_pause;
      if (at().has_registered) probe_pause = k_probe_again_max;
      continue;
    }
    if (!stay_until(Clock::now(), Wanted::present)) return;  // the probe may have taken a while
    const Result<void> beaten = beat();
    if (beaten) {
      pause_ = milliseconds(0);
      wait = next_beat();
      continue;
    }
    pause_ = std::clamp(pause_ * 2, k_first_pause, std::max(k_first_pause, settings_.lease / 3));
    wait = pause_;
  }
}

milliseconds Enrolment::next_beat() {
  thread_local std::minstd_rand random{std::random_device{}()};
  const std::int64_t third = settings_.lease.count() / 3;
  return milliseconds(std::uniform_int_distribution<std::int64_t>(third * 9 / 10, third * 11 / 10)(random));
}

Result<void> Enrolment::find_address() {
  if (settings_.registration.contains("addresses")) return {};
  Error error;
  for (const std::string& url : settings_.http.urls) {
    const auto own = own_address_towards(url, settings_.http.timeout, is_stopped_);
    if (own) {
      settings_.registration["addresses"] = json::array{json::string(*own)};
      return {};
    }
    error = own.error();
  }
  return std::unexpected(std::move(error));
}

client::HttpRequest Enrolment::request(std::string method, std::string_view action) const {
  const At now = at();
  client::HttpRequest made;
  made.method = std::move(method);
  made.target =
      target_of("/v1/services", {raw_text_at(settings_.registration, "service"), "/instances", now.id, action},
                {{"zone", raw_text_at(settings_.registration, "zone")}});
  return made;
}

Result<void> Enrolment::beat() {
  Result<void> outcome = find_address();
  std::string answer;
  if (outcome) {
    client::HttpRequest made;
    made.method = "POST";
    made.target = "/v1/heartbeat";
    made.body = json::serialize(settings_.registration);
    const auto response = client_.call(made);
    if (!response) {
      outcome = std::unexpected(response.error());
    } else if (!response->is_ok()) {
      outcome = std::unexpected(client::problem_of(*response));
    } else {
      answer = response->body;
    }
  }
  boost::system::error_code error;
  const json::value fields = json::parse(answer.empty() ? "null" : answer, error);
  if (outcome && find_field(fields, "id") == nullptr) outcome = std::unexpected(no_registry());
  change([&](At& at) {
    at.is_in_touch = outcome.has_value();
    at.failure = outcome ? std::nullopt : std::optional(outcome.error());
    if (!outcome) return;
    at.has_registered = true;
    at.id = raw_text_at(fields, "id");
    if (const json::value* const dns = find_field(fields, "dns")) at.name = text_at(*dns, "instance");
  });
  return outcome;
}

// Goes on with the lease there is, and begins no other. False: the registry has none, and what is stopping stays off the
// roll.
bool Enrolment::renew() {
  const auto response = client_.call(request("POST", "/heartbeat"));
  change([&](At& at) {
    at.is_in_touch = response && response->is_ok();
    at.failure = !response ? std::optional(response.error()) : std::nullopt;
  });
  return !response || response->status != k_unknown_instance;
}

// In portions, with a heartbeat between them: the wait may be longer than the lease.
void Enrolment::drain() {
  const auto deadline = Clock::now() + settings_.drain_max;
  while (at().has_registered && Clock::now() < deadline && stay_until(Clock::now(), Wanted::drained)) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    client::HttpRequest made = request("POST", "/drain");
    made.longer = std::min({left, std::max(settings_.lease / 3, k_first_pause), k_drain_portion});
    made.target += made.target.find('?') == std::string::npos ? "?wait=" : "&wait=";
    made.target += format_duration(std::max(made.longer, milliseconds(1)));
    const auto response = client_.call(made);
    boost::system::error_code error;
    const json::value fields = response && response->is_ok() ? json::parse(response->body, error) : json::value();
    const json::value* const safe = find_field(fields, "safe");
    // Whoever cannot be asked to drain is away, or has forgotten the instance: there is nothing to wait for.
    if (safe == nullptr || !safe->is_bool() || safe->get_bool()) break;
    if (!renew()) break;
  }
  change([](At& at) { at.is_drained = true; });
}

void Enrolment::leave() {
  if (at().has_registered && !is_stopped_) {
    const auto response = client_.call(request("DELETE", ""));
    std::optional<Error> failure;
    if (!response) failure = response.error();
    if (response && !response->is_ok() && response->status != k_unknown_instance)
      failure = client::problem_of(*response);
    change([&](At& at) { at.failure = failure; });
  }
  change([](At& at) { at.is_drained = at.is_gone = true; });
}

}  // namespace rollcall::cli
