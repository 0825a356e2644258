#include "whole_roll.h"

#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <random>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <variant>

#include "answer/zone/builtin_zone.h"
#include "base/rcu.h"
#include "dns/zone_file.h"

// Seeds are the same in every run: hash tables have the same chains, and a count is a count.
unsigned int std::random_device::_M_getval() { return 0x5EED; }

namespace rollcall::bench {
namespace {

constexpr std::uint64_t k_seed = 42;  // of the order of answers
constexpr registry::WallTime k_wall{std::chrono::milliseconds(1'769'851'800'000)};

template <class T>
T take(Result<T> made) {
  if (!made) throw std::runtime_error(made.error().message);
  return std::move(*made);
}

std::vector<answer::Zone> shipped_zone() {
  const dns::Name apex = *dns::Name::parse(k_zone);
  std::vector<answer::Zone> zones;
  answer::StaticZone records =
      take(answer::StaticZone::build(take(dns::parse_zone(answer::builtin_zone_text(), apex, "zone"))));
  zones.push_back({.id = {}, .records = std::move(records), .policy = {}});
  return zones;
}

// Tables of readers grow on a thread of their library, which says nothing when it is done; it uses no time then.
void wait_until_tables_have_grown() {
  constexpr std::clock_t k_idle = CLOCKS_PER_SEC / 1'000;
  rcu::drain();
  for (std::clock_t before = 0; std::clock() - before > k_idle;) {
    before = std::clock();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace

std::string registration_json(std::string_view service, std::string_view id, std::size_t number) {
  return fmt::format(
      R"({{"service":"{}","id":"{}","address":"10.{}.{}.{}","port":8080,"weight":10,"tags":["blue","v2"],)"
      R"("meta":{{"version":"2.7.1","rack":"r{}"}},"ttl":"24h"}})",
      service, id, number >> 16 & 255, number >> 8 & 255, number & 255, number % 40);
}

WholeRoll::WholeRoll(const std::filesystem::path& directory)
    : zones_(shipped_zone()),
      roster_(zones_, [this](const registry::ServiceRef&) { return policy_; }),
      store_(take(store::InstanceStore::open(directory / "rollcall.db", zones_))),
      registry_(*store_, roster_, zones_, std::chrono::hours(1)),
      responder_(zones_, roster_, {}),
      worker_(std::make_unique<answer::WorkerState>()),
      room_(responder_.udp_payload()),
      api_(registry_, zones_, waiters_, access_, {&door_}),
      caller_(*IpAddress::parse("127.0.0.1")) {
  worker_->random = Random(k_seed);
  restore_everybody();
}

// As after a restart: that takes no transactions, which would take most of the time under an instrument.
void WholeRoll::restore_everybody() {
  registry::Restored stored;
  for (std::size_t number = 0; number < k_services * k_each; ++number) {
    const std::string service = fmt::format("s{}", number / k_each);
    const std::string body = registration_json(service, fmt::format("i{}", number % k_each), number);
    auto submission = std::get<api::Submission>(route(api::Method::post, "/v1/heartbeat", body));
    ++stored.index;
    if (number % k_each == 0)
      stored.services.push_back({.key = {{}, service}, .index = stored.index, .emptied_at = {}});
    stored.instances.push_back({.registration = std::get<registry::Register>(submission.change.asked).registration,
                                .index = stored.index,
                                .registered_at = k_wall});
  }
  registry_.restore(std::move(stored), clock_.now(), k_wall);
  wait_until_tables_have_grown();
}

std::size_t WholeRoll::respond(Bytes query) {
  return responder_.respond(query, answer::Transport::udp, clock_.now(), room_, *worker_).bytes;
}

api::Routed WholeRoll::route(api::Method method, std::string_view target, std::string_view body) {
  return api_.route({.method = method, .target = target, .body = body, .caller = &caller_}, clock_.now(), counters_);
}

std::vector<unsigned> WholeRoll::commit(std::vector<api::Submission> submissions) {
  std::vector<registry::Change> changes;
  changes.reserve(submissions.size());
  for (api::Submission& submission : submissions) changes.push_back(std::move(submission.change));
  const std::vector<registry::Outcome> outcomes = registry_.apply(changes, clock_, k_wall);
  std::vector<unsigned> statuses;
  statuses.reserve(outcomes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    statuses.push_back(std::get<api::Response>(submissions[i].describe(outcomes[i], clock_.now())).status);
  }
  return statuses;
}

}  // namespace rollcall::bench
