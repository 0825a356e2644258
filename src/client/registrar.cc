#include "client/registrar.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/check.h"
#include "base/duration.h"
#include "base/limits.h"
#include "client/own_address.h"
#include "client/problem.h"
#include "client/registration_json.h"
#include "client/wake_up.h"

namespace rollcall::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr unsigned k_not_found = 404;
constexpr milliseconds k_leave_reserve{500};    // part of the leave time that is reserved for the DELETE call
constexpr milliseconds k_drain_portion{1'000};  // longest single wait for caches, so that a new goal is noticed
constexpr milliseconds k_probe_again{100};      // probe interval while the program starts
constexpr milliseconds k_probe_again_max{1'000};
constexpr milliseconds k_at_once{0};

}  // namespace

Registrar::Registrar(RegistrarSettings settings, HttpClient http)
    : settings_(std::move(settings)),
      http_(std::move(http)),
      rhythm_(settings_.lease),
      random_(std::random_device{}()) {
  check(!settings_.nodes.empty(), "a registrar has a registry");
  check(!settings_.service.empty() && settings_.body, "a registrar has something to register");
  thread_ = start_thread("rollcall-beat", [this] { run(); });
}

Registrar::~Registrar() {
  stop();
  leave();
  thread_.join();
}

// --- The goal ---

void Registrar::set_goal(const std::function<void(Shared&)>& how) { shared_.change(how); }

void Registrar::drain(Time until) {
  set_goal([until](Shared& shared) {
    if (shared.goal != Goal::present) return;
    shared.goal = Goal::drained;
    shared.drain_until = until;
  });
}

void Registrar::leave() {
  set_goal([](Shared& shared) { shared.goal = Goal::gone; });
}

void Registrar::drain_and_leave(Time deadline) {
  set_goal([deadline](Shared& shared) {
    if (shared.goal != Goal::present) return;
    shared.goal = Goal::drained;
    shared.leaves_when_drained = true;
    shared.drain_until = deadline - k_leave_reserve;
    shared.gone_by = deadline;
  });
}

void Registrar::leave_by(Time deadline) {
  set_goal([deadline](Shared& shared) {
    if (shared.goal != Goal::present) return;
    shared.goal = Goal::gone;
    shared.gone_by = deadline;
  });
}

bool Registrar::wait_until_gone() {
  const auto is_gone = [](const Shared& shared) { return shared.state.is_gone; };
  const Time deadline = shared_.with([](const Shared& shared) { return shared.gone_by; });
  if (!shared_.wait_until(deadline, is_gone)) {
    stop();
    shared_.wait(is_gone);
  }
  return !state().is_known;
}

void Registrar::stop() {
  is_stopped_ = true;
  http_.stop();
}

Registrar::State Registrar::state() const {
  return shared_.with([](const Shared& shared) { return shared.state; });
}

void Registrar::change(const std::function<void(State&)>& how) {
  shared_.change([&how](Shared& shared) { how(shared.state); });
  if (settings_.on_change) settings_.on_change();
}

bool Registrar::stay_for(milliseconds wait, Goal goal) const {
  return !shared_.wait_until(steady_clock::now() + wait, [goal](const Shared& shared) { return shared.goal != goal; });
}

// --- The thread ---

void Registrar::run() {
  keep_present();
  if (stay_for(k_at_once, Goal::drained)) wait_for_caches();
  // After the drain the instance stays registered while it finishes its work: its own DNS name still resolves.
  while (stay_for(rhythm_.after_acknowledgement(random_), Goal::drained)) {
    if (state().is_known) renew();
  }
  deregister();
  change([](State& state) { state.is_drained = state.is_gone = true; });
}

void Registrar::keep_present() {
  milliseconds wait = k_at_once;
  milliseconds probe_again = k_probe_again;
  while (stay_for(wait, Goal::present)) {
    if (!is_well()) {
      wait = probe_again;
      if (state().has_registered) probe_again = k_probe_again_max;
      continue;
    }
    if (!stay_for(k_at_once, Goal::present)) return;  // the goal may have changed while the probe ran
    wait = beat();
  }
}

bool Registrar::is_well() {
  const bool is_well = !settings_.probe || settings_.probe();
  if (is_well != state().is_well) change([is_well](State& state) { state.is_well = is_well; });
  return is_well;
}

// Sends one heartbeat or registration. Returns the time until the next one.
milliseconds Registrar::beat() {
  const bool registers = settings_.repeats_registration || !state().is_known;
  HttpRequest request;
  if (registers) {
    const auto own = addresses();
    if (!own) return note_error(own.error());
    request = {.method = "POST", .target = "/v1/heartbeat", .body = settings_.body(*own)};
  } else {
    request = this->request("POST", "/heartbeat");
  }
  if (state().is_known) request.within = time_for_nodes();
  const Time sent = steady_clock::now();
  const Result<HttpResponse> response = http_.call(request);
  if (!response) return note_error(response.error());
  if (response->is_ok()) return note_acknowledged(sent, response->body);
  const milliseconds next = note_error(problem_of(*response), response->retry_after);
  if (registers || response->status != k_not_found) return next;
  change([](State& state) { state.is_known = false; });  // the lease has expired, or another client deregistered it
  return k_at_once;
}

// All nodes are tried within one heartbeat interval. 0: there is one node, which has all the time there is.
milliseconds Registrar::time_for_nodes() const {
  if (settings_.nodes.size() == 1) return milliseconds(0);
  return std::max(rhythm_.lease() / 3, limits::k_client_try_min * static_cast<long>(settings_.nodes.size()));
}

// With `repeats_registration`, the first address found is kept: every heartbeat must send the same address.
Result<std::vector<std::string>> Registrar::addresses() {
  if (!settings_.addresses.empty()) return settings_.addresses;
  if (settings_.repeats_registration && !found_addresses_.empty()) return found_addresses_;
  Error error;
  for (const BaseUrl& node : settings_.nodes) {
    const auto own = own_address_towards(node, steady_clock::now() + settings_.address_timeout, is_stopped_);
    if (own) return found_addresses_ = {*own};
    error = own.error();
  }
  return std::unexpected(std::move(error));
}

milliseconds Registrar::note_acknowledged(Time sent, const std::string& body) {
  const auto acknowledged = parse_acknowledgement(body);
  if (!acknowledged) {
    const bool is_one = settings_.nodes.size() == 1;
    return note_error({Errc::unreachable, is_one ? settings_.nodes.front().authority() + " answers as no registry does"
                                                 : "what answers there is no registry"});
  }
  rhythm_.set_lease(acknowledged->lease);
  change([&](State& state) {
    state.has_registered = state.is_known = state.is_in_touch = true;
    state.id = acknowledged->id;
    if (!acknowledged->name.empty()) state.name = acknowledged->name;
    state.acknowledged_until = sent + acknowledged->lease;
    state.failure.reset();
  });
  if (settings_.on_acknowledged) settings_.on_acknowledged(sent, acknowledged->lease);
  return rhythm_.after_acknowledgement(random_);
}

milliseconds Registrar::note_error(Error error, milliseconds retry_after) {
  change([&error](State& state) {
    state.is_in_touch = false;
    state.failure = std::move(error);
  });
  return rhythm_.after_error(retry_after, random_);
}

// --- Leaving ---

// Renews the existing lease; never registers again. Returns false if the registry has no lease (404) or is unreachable.
bool Registrar::renew() {
  HttpRequest request = this->request("POST", "/heartbeat");
  request.within = time_for_nodes();
  const Result<HttpResponse> response = http_.call(request);
  change([&response](State& state) {
    state.is_in_touch = response && response->is_ok();
    state.failure = response ? std::nullopt : std::optional(response.error());
    if (response && response->status == k_not_found) state.is_known = false;
  });
  return response && response->status != k_not_found;
}

// Waits in short calls with a heartbeat between them: DNS caches may hold the instance for longer than the lease.
void Registrar::wait_for_caches() {
  const Time until = shared_.with([](const Shared& shared) { return shared.drain_until; });
  while (state().is_known && steady_clock::now() < until && stay_for(k_at_once, Goal::drained)) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
    HttpRequest request = this->request("POST", "/drain");
    request.longer = std::max(std::min({left, rhythm_.lease() / 3, k_drain_portion}), milliseconds(1));
    request.target += (settings_.zone.empty() ? "?wait=" : "&wait=") + format_duration(request.longer);
    const Result<HttpResponse> response = http_.call(request);
    // Stops waiting if the registry does not answer or no longer has the instance.
    if (!response || !response->is_ok() || parse_is_safe(response->body).value_or(true)) break;
    if (!renew()) break;
  }
  change([](State& state) { state.is_drained = true; });
  set_goal([](Shared& shared) {
    if (shared.leaves_when_drained) shared.goal = Goal::gone;
  });
}

void Registrar::deregister() {
  const Time deadline = shared_.with([](const Shared& shared) { return shared.gone_by; });
  if (!state().is_known || is_stopped_ || steady_clock::now() >= deadline) return;
  const Result<HttpResponse> response = http_.call(request("DELETE", ""));
  const bool has_left = response && (response->is_ok() || response->status == k_not_found);
  change([&](State& state) {
    if (has_left) state.is_known = false;
    state.failure.reset();
    if (!response) state.failure = response.error();
    if (response && !has_left) state.failure = problem_of(*response);
  });
}

HttpRequest Registrar::request(std::string method, const std::string& action) const {
  const std::string id = state().id;
  check(!id.empty(), "only an instance that the registry has acknowledged is named");
  HttpRequest request;
  request.method = std::move(method);
  request.target = "/v1/services/" + encode_segment(settings_.service) + "/instances/" + encode_segment(id) + action;
  if (!settings_.zone.empty()) request.target += "?zone=" + encode_segment(settings_.zone);
  return request;
}

}  // namespace rollcall::client
