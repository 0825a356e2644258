// answer-bounds: what an answer of the roll costs when there is ever more that it could be about. Everything is in one
// process; nothing is sent.
//
//   types       `_services._dns-sd._udp` of a zone of ten services, beside a zone of N; and of that zone itself, where the
//               answer is as much as a datagram holds
//   address     a new instance at an address that N have, and the PTR of that address
//
// Writes a line for each: case, N, nanoseconds (the least of k_rounds).
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "answer/responder.h"
#include "answer/roster/roster.h"
#include "answer/zone/zones.h"
#include "base/rcu.h"
#include "dns/zone_file.h"
#include "registry/instance/instance.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t k_rounds = 15;
constexpr std::size_t k_answers = 2'000;  // of a round
constexpr std::size_t k_comers = 200;     // of a round
constexpr std::size_t k_small = 10;
constexpr registry::LeaseTime k_now{std::chrono::hours(1)};
constexpr const char* k_apexes[] = {"large.test", "small.test", "2.0.192.in-addr.arpa"};
constexpr registry::ZoneId k_large{0};
constexpr registry::ZoneId k_small_zone{1};

answer::Zone zone(std::string_view apex) {
  auto file = dns::parse_zone("$TTL 60\n@ 1 IN SOA ns.test. host.test. 1 10 5 1h 1\n@ IN NS ns.test.\n",
                              *dns::Name::parse(apex), "bench.zone");
  auto records = file ? answer::StaticZone::build(std::move(*file)) : std::unexpected(file.error());
  if (!records) throw std::runtime_error(records.error().message);
  return {.id = {}, .records = std::move(*records), .policy = {}};
}

std::vector<answer::Zone> zones() {
  std::vector<answer::Zone> all;
  for (const char* apex : k_apexes) all.push_back(zone(apex));
  return all;
}

std::vector<std::uint8_t> ptr_query(std::string_view name) {
  std::vector<std::uint8_t> octets = {0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1};
  const dns::Name parsed = *dns::Name::parse(name);
  octets.insert(octets.end(), parsed.wire().begin(), parsed.wire().end());
  constexpr std::array<std::uint8_t, 4> k_ptr_in{0, 12, 0, 1};
  constexpr std::array<std::uint8_t, 11> k_opt{0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};  // 1,232 octets
  octets.insert(octets.end(), k_ptr_in.begin(), k_ptr_in.end());
  octets.insert(octets.end(), k_opt.begin(), k_opt.end());
  return octets;
}

// Services of one instance each, which all have the same address.
class Roll {
 public:
  void add(registry::ZoneId in, std::size_t count) {
    instances_.reserve(instances_.size() + count);
    for (std::size_t i = 0; i < count; ++i) add_one(in);
  }

  void add_one(registry::ZoneId in) {
    registry::Registration asked;
    asked.key = {{in, fmt::format("s{}", instances_.size())}, "i"};
    asked.addresses = {*IpAddress::parse("192.0.2.1")};
    asked.port = 80;
    asked.ttl = std::chrono::hours(24);
    instances_.push_back(registry::Instance::make(asked, registry::Status::ready, 1, {}, k_now));
    roster_.publish(registry::Service(asked.key.service, 1, registry::to_set(registry::Protocol::tcp),
                                      {instances_.back().get()}, std::nullopt));
  }

  // Octets of the answer.
  std::size_t ask(Bytes query) {
    return responder_.respond(query, answer::Transport::udp, k_now, room_, *worker_).bytes;
  }

 private:
  answer::Zones zones_{zones()};
  answer::Roster roster_{zones_, [](const registry::ServiceRef&) { return answer::AnswerPolicy{}; }};
  answer::Responder responder_{zones_, roster_, {}};
  std::unique_ptr<answer::WorkerState> worker_ = std::make_unique<answer::WorkerState>();
  std::vector<std::uint8_t> room_ = std::vector<std::uint8_t>(1232);
  std::vector<std::unique_ptr<registry::Instance>> instances_;
};

// Of one of `count`, in the fastest round.
template <class F>
double nanoseconds(std::size_t count, F&& once) {
  double least = 0;
  for (std::size_t round = 0; round < k_rounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < count; ++i) once();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    const double each = took.count() / static_cast<double>(count);
    least = round == 0 ? each : std::min(least, each);
  }
  return least;
}

void tell(std::string_view what, std::size_t count, double each) {
  fmt::print("{} {} {:.0f}\n", what, count, each);
  std::fflush(stdout);
}

double time_of(Roll& roll, std::string_view name, std::size_t octets_at_least) {
  const std::vector<std::uint8_t> query = ptr_query(name);
  if (roll.ask(query) < octets_at_least) throw std::runtime_error(fmt::format("{} has too small an answer", name));
  return nanoseconds(k_answers, [&] { roll.ask(query); });
}

void measure_types(std::size_t services) {
  Roll roll;
  roll.add(k_small_zone, k_small);
  roll.add(k_large, services);
  tell("types-of-ten", services, time_of(roll, "_services._dns-sd._udp.small.test", 200));
  if (services > k_small) tell("types-of-all", services, time_of(roll, "_services._dns-sd._udp.large.test", 1'100));
}

void measure_address(std::size_t instances) {
  Roll roll;
  roll.add(k_large, instances);
  tell("address-ptr", instances, time_of(roll, "1.2.0.192.in-addr.arpa", 1'100));
  tell("address-add", instances, nanoseconds(k_comers, [&] { roll.add_one(k_large); }));
}

}  // namespace
}  // namespace rollcall::bench

int main() {
  try {
    const rollcall::rcu::Thread reader;
    for (const std::size_t services : {10U, 100'000U, 1'000'000U}) rollcall::bench::measure_types(services);
    for (const std::size_t instances : {10'000U, 100'000U}) rollcall::bench::measure_address(instances);
    rollcall::rcu::drain();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "answer-bounds: %s\n", error.what());
    return 1;
  }
}
