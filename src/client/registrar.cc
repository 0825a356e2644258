#include "client/registrar.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/duration.h"
#include "client/own_address.h"
#include "client/problem.h"
#include "client/registration_json.h"
#include "client/wake_up.h"

namespace rollcall::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr unsigned k_not_found = 404;
constexpr milliseconds k_leave_reserve{500};  // of the time to leave, kept for the deregistration itself
constexpr milliseconds k_at_once{0};

}  // namespace

Registrar::Registrar(const RegistrationSettings& settings, std::string url, BaseUrl base, HttpClient http, Touch& touch)
    : settings_(settings),
      url_(std::move(url)),
      base_(std::move(base)),
      http_(std::move(http)),
      touch_(touch),
      rhythm_(settings.lease),
      random_(std::random_device{}()) {
  thread_ = start_thread("rollcall-beat", [this] { run(); });
}

Registrar::~Registrar() {
  begin_leaving(steady_clock::now());
  wait_until_left();
  thread_.join();
}

void Registrar::begin_leaving(Time deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (state_.is_leaving) return;
    state_.is_leaving = true;
    state_.leave_by = deadline;
  }
  changed_.notify_all();
}

bool Registrar::wait_until_left() {
  std::unique_lock lock(mutex_);
  if (changed_.wait_until(lock, state_.leave_by, [this] { return state_.is_over; })) return state_.has_left;
  lock.unlock();
  is_stopped_ = true;
  http_.stop();
  lock.lock();
  changed_.wait(lock, [this] { return state_.is_over; });
  return state_.has_left;
}

Registration::Registry Registrar::state(Time now) const {
  const std::lock_guard lock(mutex_);
  return {.url = url_,
          .is_registered = !state_.id.empty() && now < state_.acknowledged_until && state_.message.empty(),
          .id = state_.id,
          .message = state_.message};
}

void Registrar::run() {
  while (stay_for(beat())) continue;
  const bool has_left = leave();
  const std::lock_guard lock(mutex_);
  state_.has_left = has_left;
  state_.is_over = true;
  changed_.notify_all();
}

bool Registrar::stay_for(milliseconds wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [this] { return state_.is_leaving; });
  return !state_.is_leaving;
}

// One call; how long until the next.
milliseconds Registrar::beat() {
  const std::string id = known_id();
  HttpRequest request = this->request("POST", id, "/heartbeat");
  if (id.empty()) {
    if (is_leaving()) return k_at_once;  // what is stopping is not registered again
    const auto own = addresses();
    if (!own) return note_error(own.error().message);
    request = {.method = "POST", .target = "/v1/heartbeat", .body = registration_body(settings_, *own)};
  }
  const Time sent = steady_clock::now();
  const Result<HttpResponse> response = http_.call(request);
  if (!response) return note_error(response.error().message);
  if (response->is_ok()) return note_acknowledged(sent, response->body);
  const milliseconds next = note_error(problem_of(*response).message, response->retry_after);
  if (id.empty() || response->status != k_not_found) return next;
  const std::lock_guard lock(mutex_);
  state_.id.clear();  // its lease has ended, or somebody has taken it off: registered again
  return k_at_once;
}

bool Registrar::is_leaving() const {
  const std::lock_guard lock(mutex_);
  return state_.is_leaving;
}

Result<std::vector<std::string>> Registrar::addresses() const {
  if (!settings_.addresses.empty()) return settings_.addresses;
  const auto own = own_address_towards(base_, steady_clock::now() + settings_.request_timeout, is_stopped_);
  if (!own) return std::unexpected(own.error());
  return std::vector{*own};
}

milliseconds Registrar::note_acknowledged(Time sent, const std::string& body) {
  const auto acknowledged = parse_acknowledgement(body);
  if (!acknowledged) return note_error(base_.authority() + " answers as no registry does");
  rhythm_.set_lease(acknowledged->lease);
  {
    const std::lock_guard lock(mutex_);
    state_.id = acknowledged->id;
    state_.acknowledged_until = sent + acknowledged->lease;
    state_.message.clear();
  }
  touch_.note_acknowledged(sent, acknowledged->lease);
  return rhythm_.after_acknowledgement(random_);
}

milliseconds Registrar::note_error(std::string message, milliseconds retry_after) {
  const std::lock_guard lock(mutex_);
  state_.message = std::move(message);
  return rhythm_.after_error(retry_after, random_);
}

// Whoever has not acknowledged anything has nothing to be told.
bool Registrar::leave() {
  const std::string id = known_id();
  if (id.empty()) return true;
  const Time deadline = [this] {
    const std::lock_guard lock(mutex_);
    return state_.leave_by;
  }();
  if (steady_clock::now() >= deadline) return false;
  if (settings_.drains) drain(deadline - k_leave_reserve);
  const Result<HttpResponse> response = http_.call(request("DELETE", id, ""));
  const bool has_left = response && (response->is_ok() || response->status == k_not_found);
  const std::lock_guard lock(mutex_);
  if (has_left) state_.id.clear();
  state_.message = !response ? response.error().message : has_left ? "" : problem_of(*response).message;
  return has_left;
}

// In portions, with a heartbeat between them: caches may hold it for longer than the lease.
void Registrar::drain(Time deadline) {
  const std::string id = known_id();
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds(0)) return;
    HttpRequest request = this->request("POST", id, "/drain");
    request.longer = std::max(std::min(left, rhythm_.lease() / 3), milliseconds(1));
    request.target += (settings_.zone.empty() ? "?wait=" : "&wait=") + format_duration(request.longer);
    const Result<HttpResponse> response = http_.call(request);
    // Who cannot be asked to drain is away, or has forgotten the instance: there is nothing to wait for.
    if (!response || !response->is_ok() || parse_is_safe(response->body).value_or(true)) return;
    if (const auto renewed = http_.call(this->request("POST", id, "/heartbeat")); !renewed) return;
  }
}

HttpRequest Registrar::request(std::string method, const std::string& id, const std::string& action) const {
  HttpRequest request;
  request.method = std::move(method);
  request.target = "/v1/services/" + encode_segment(settings_.service) + "/instances/" + encode_segment(id) + action;
  if (!settings_.zone.empty()) request.target += "?zone=" + encode_segment(settings_.zone);
  return request;
}

std::string Registrar::known_id() const {
  const std::lock_guard lock(mutex_);
  return state_.id;
}

}  // namespace rollcall::client
