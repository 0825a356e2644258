// count-operations CASE N DIRECTORY: does one thing N times, on a roll of 1,024 instances, and nothing else that depends
// on N. Under callgrind two runs tell what the thing costs: the difference of their instructions by that of their Ns.
//
//   query-a, query-srv       a service's name; four records, and for SRV four addresses beside them
//   query-nxdomain           a name that nobody has
//   heartbeat-bare           POST …/heartbeat, no body
//   heartbeat-body           POST /v1/heartbeat, the whole registration, which changes nothing
//   heartbeat-batch          one instance in POST /v1/heartbeats of 1,000
//   registration             a new instance, from its JSON to the database and the answers, in commits of 64
//
// DIRECTORY is empty; the database is made there.
#include <array>
#include <charconv>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/rcu.h"
#include "dns/types.h"
#include "whole_roll.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t k_batch_heartbeats = 1'000;
constexpr std::size_t k_commit_registrations = 64;
constexpr std::size_t k_stride = 617;  // prime to the counts of services and instances: everybody's turn, in no order

void expect(bool is_so, std::string_view what) {
  if (!is_so) throw std::runtime_error(fmt::format("not as expected: {}", what));
}

std::string service_name(std::size_t number) { return fmt::format("s{}", number * k_stride % k_services); }

// --- Queries ---

std::vector<std::uint8_t> query(std::string_view name, dns::Type type) {
  std::vector<std::uint8_t> octets = {0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    octets.push_back(static_cast<std::uint8_t>(end - begin));
    for (; begin < end; ++begin) octets.push_back(static_cast<std::uint8_t>(name[begin]));
    ++begin;
  }
  const auto number = static_cast<std::uint16_t>(type);
  for (const int octet : {0, number >> 8, number & 255, 0, 1}) octets.push_back(static_cast<std::uint8_t>(octet));
  return octets;
}

// `pattern` has a place for the service's name. `counts`: rcode, and records of the answer and additional sections.
void ask(WholeRoll& roll, std::size_t times, fmt::format_string<std::string> pattern, dns::Type type,
         std::array<unsigned, 3> counts) {
  std::vector<std::vector<std::uint8_t>> queries;
  queries.reserve(k_services);
  for (std::size_t i = 0; i < k_services; ++i) {
    queries.push_back(query(fmt::format(pattern, service_name(i)) + '.' + std::string(k_zone), type));
  }
  const rcu::ReadLock lock;
  for (std::size_t i = 0; i < times; ++i) {
    expect(roll.respond(queries[i % k_services]) > 12, "an answer");
    const Bytes head = roll.room();
    expect((head[3] & 15U) == counts[0] && head[7] == counts[1] && head[11] == counts[2], "its rcode and its records");
  }
}

// --- Heartbeats ---

void expect_ok(const api::Routed& routed) {
  const auto* response = std::get_if<api::Response>(&routed);
  expect(response != nullptr && response->status == 200, "a heartbeat answered with 200");
}

void beat(WholeRoll& roll, std::size_t times, bool has_body) {
  std::vector<std::string> targets;
  std::vector<std::string> bodies;
  for (std::size_t i = 0; i < k_services * k_each; ++i) {
    const std::size_t number = i * k_stride % (k_services * k_each);
    const std::string service = fmt::format("s{}", number / k_each);
    const std::string id = fmt::format("i{}", number % k_each);
    targets.push_back(has_body ? "/v1/heartbeat" : fmt::format("/v1/services/{}/instances/{}/heartbeat", service, id));
    bodies.push_back(has_body ? registration_json(service, id, number) : "");
  }
  for (std::size_t i = 0; i < times; ++i) {
    const std::size_t turn = i % targets.size();
    if (turn == 0) roll.pass(std::chrono::milliseconds(1));
    expect_ok(roll.route(api::Method::post, targets[turn], bodies[turn]));
  }
}

void beat_in_batches(WholeRoll& roll, std::size_t times) {
  expect(times % k_batch_heartbeats == 0, "whole batches");
  std::string body = R"({"instances":[)";
  for (std::size_t i = 0; i < k_batch_heartbeats; ++i) {
    body += fmt::format(R"({}{{"service":"{}","id":"i{}"}})", i == 0 ? "" : ",", service_name(i), i % k_each);
  }
  body += "]}";
  for (std::size_t i = 0; i < times; i += k_batch_heartbeats) {
    roll.pass(std::chrono::milliseconds(1));
    expect_ok(roll.route(api::Method::post, "/v1/heartbeats", body));
  }
}

// --- Registrations ---

// Of services that come to have as many instances as the others; in one commit each is of another service.
void sign_on(WholeRoll& roll, std::size_t times) {
  constexpr std::size_t k_cycle = k_commit_registrations * k_each;
  expect(times % k_cycle == 0, "whole services");
  for (std::size_t i = 0; i < times; i += k_commit_registrations) {
    std::vector<api::Submission> waiting;
    for (std::size_t place = 0; place < k_commit_registrations; ++place) {
      const std::string service = fmt::format("n{}", i / k_cycle * k_commit_registrations + place);
      const std::string id = fmt::format("i{}", i % k_cycle / k_commit_registrations);
      const std::string body = registration_json(service, id, i + place);
      waiting.push_back(std::get<api::Submission>(roll.route(api::Method::post, "/v1/heartbeat", body)));
    }
    for (const unsigned status : roll.commit(std::move(waiting))) expect(status == 201, "a new instance");
  }
}

using Case = std::function<void(WholeRoll&, std::size_t)>;

const std::map<std::string_view, Case>& cases() {
  using dns::Type;
  static const std::map<std::string_view, Case> all = {
      {"query-a", [](WholeRoll& roll, std::size_t n) { ask(roll, n, "{}", Type::a, {0, k_each, 0}); }},
      {"query-srv", [](WholeRoll& roll, std::size_t n) { ask(roll, n, "_{}._tcp", Type::srv, {0, k_each, k_each}); }},
      {"query-nxdomain", [](WholeRoll& roll, std::size_t n) { ask(roll, n, "no-{}", Type::a, {3, 0, 0}); }},
      {"heartbeat-bare", [](WholeRoll& roll, std::size_t n) { beat(roll, n, false); }},
      {"heartbeat-body", [](WholeRoll& roll, std::size_t n) { beat(roll, n, true); }},
      {"heartbeat-batch", beat_in_batches},
      {"registration", sign_on},
  };
  return all;
}

int run(std::string_view name, std::string_view count, const std::filesystem::path& directory) {
  std::size_t times = 0;
  std::from_chars(count.data(), count.data() + count.size(), times);
  const auto found = cases().find(name);
  if (found == cases().end()) throw std::runtime_error(fmt::format("there is no case {}", name));
  const rcu::Thread reader;
  WholeRoll roll(directory);
  found->second(roll, times);
  return 0;
}

}  // namespace
}  // namespace rollcall::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: count-operations CASE N DIRECTORY\n", stderr);
    return 2;
  }
  try {
    const int status = rollcall::bench::run(argv[1], argv[2], argv[3]);
    rollcall::rcu::drain();
    return status;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "count-operations: %s\n", error.what());
    return 1;
  }
}
