#include "scenario/simulated_server.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "dns/zone_file.h"
#include "registry/instance/registration.h"

namespace rollcall::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr auto k_record_again_after = 500ms;  // as registry::Writer

std::vector<answer::Zone> load_zones(const SimulatedSettings& settings) {
  std::vector<answer::Zone> zones;
  for (const auto& [name, text] : settings.zones) {
    auto file = dns::parse_zone(text, dns::Name::parse(name).value(), name);
    if (!file) throw std::runtime_error(file.error().message);
    auto records = answer::StaticZone::build(std::move(*file));
    if (!records) throw std::runtime_error(records.error().message);
    zones.push_back({.id = {}, .records = std::move(*records), .policy = settings.policy});
  }
  return zones;
}

}  // namespace

void VirtualClock::pass(nanoseconds time) {
  const registry::LeaseClock::Monotonic end = instant_ + time;
  while (next_tick_ <= end) {
    instant_ = next_tick_;
    tick();
  }
  instant_ = end;
}

void VirtualClock::tick() {
  lease_clock_->tick(instant_);
  next_tick_ = instant_ + limits::k_clock_tick;
}

void VirtualClock::restart() {
  lease_clock_.emplace(instant_);
  next_tick_ = instant_ + limits::k_clock_tick;
}

SimulatedServer::SimulatedServer(SimulatedSettings settings)
    : settings_(std::move(settings)), zones_(load_zones(settings_)), room_(limits::k_message_bytes_max) {
  journal_.on_record = [this](const registry::Transaction&) { pass_without_writer(store_takes); };
  start();
}

void SimulatedServer::start() {
  roster_ = std::make_unique<answer::Roster>(zones_, [this](const registry::ServiceRef&) { return settings_.policy; });
  registry_ = std::make_unique<registry::Registry>(journal_, *roster_, zones_, settings_.forget_service_after);
  responder_ = std::make_unique<answer::Responder>(zones_, *roster_,
                                                   answer::ResponderSettings{.udp_payload = settings_.udp_payload});
  record_again_at_ = {};
  journal_.reopen();
  registry_->restore(journal_.restored(), clock_.now(), wall_);
}

registry::Outcome SimulatedServer::register_instance(registry::Registration draft) {
  const std::size_t apex_bytes = zones_.apex_bytes_of(draft.key.service.zone);
  Result<registry::Registration> asked = registry::normalise(std::move(draft), {}, apex_bytes);
  if (!asked) return std::unexpected(asked.error());
  return std::move(apply({registry::Register{std::move(*asked)}}).front());
}

registry::Outcome SimulatedServer::deregister(const registry::InstanceKey& key) {
  return std::move(apply({registry::Deregister{key}}).front());
}

std::vector<registry::Outcome> SimulatedServer::apply(const std::vector<registry::Change>& changes) {
  std::vector<registry::Outcome> outcomes = registry_->apply(changes, clock_, wall_);
  run_writer();
  return outcomes;
}

Result<registry::Renewed> SimulatedServer::heartbeat(const registry::InstanceKey& key) {
  return registry_->renew(key.ref(), clock_.now());
}

answer::testing::Answered SimulatedServer::query(const answer::testing::Ask& ask) {
  const std::vector<std::uint8_t> query = query_of(ask);
  const bool is_udp = ask.transport == answer::Transport::udp;
  const WritableBytes room = WritableBytes(room_).first(is_udp ? settings_.udp_payload : limits::k_message_bytes_max);
  const std::size_t size = responder_->respond(query, ask.transport, clock_.now(), room, *worker_).bytes;
  return read_answer(ask, room.first(size));
}

void SimulatedServer::pass_wall(nanoseconds time) {
  wall_rest_ += time;
  const auto whole = std::chrono::floor<std::chrono::milliseconds>(wall_rest_);
  wall_ += whole;
  wall_rest_ -= whole;
}

void SimulatedServer::pass(nanoseconds time) {
  run_writer();
  while (time > 0ns) {
    nanoseconds step = time;
    if (const auto wake = registry_->next_wake()) {
      step = std::clamp<nanoseconds>(*wake - clock_.now(), 1ns, time);
    }
    if (registry_->has_unrecorded_rows())
      step = std::min<nanoseconds>(step, std::max<nanoseconds>(record_again_at_ - now(), 1ns));
    pass_without_writer(step);
    time -= step;
    run_writer();
  }
}

void SimulatedServer::run_writer() {
  registry_->sweep(clock_.now(), wall_);
  if (!registry_->has_unrecorded_rows() || clock_.now() < record_again_at_) return;
  if (!registry_->record_pending()) record_again_at_ = clock_.now() + k_record_again_after;
}

void SimulatedServer::pass_without_writer(nanoseconds time) {
  clock_.pass(time);
  pass_wall(time);
}

// A reader that is there before the ticker must be right too; then the ticker comes.
void SimulatedServer::pause(nanoseconds time) {
  clock_.pause(time);
  pass_wall(time);
  run_writer();
  clock_.tick();
  run_writer();
}

void SimulatedServer::restart(nanoseconds down) {
  registry_.reset();
  roster_.reset();
  clock_.pause(down);
  pass_wall(down);
  clock_.restart();
  start();
  run_writer();
}

void SimulatedServer::reload(const answer::AnswerPolicy& policy, std::size_t udp_payload) {
  settings_.policy = policy;
  settings_.udp_payload = udp_payload;
  responder_ = std::make_unique<answer::Responder>(zones_, *roster_,
                                                   answer::ResponderSettings{.udp_payload = settings_.udp_payload});
  const rcu::ReadLock lock;
  registry_->for_each_service([this](const registry::Service& service) { roster_->publish(service); });
}

}  // namespace rollcall::testing
