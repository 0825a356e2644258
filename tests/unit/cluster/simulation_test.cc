// Random faults and random clients. ROLLCALL_SEED runs one seed alone; ROLLCALL_CLUSTER_SEEDS so many from
// ROLLCALL_CLUSTER_FROM on; ROLLCALL_CLUSTER_WITHOUT=rule,rule switches rules off.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "catch.h"
#include "support/cluster/sim_run.h"

namespace rollcall::cluster::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t k_seeds = 30;  // every one takes ten times as long
#else
constexpr std::uint64_t k_seeds = 300;
#endif

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

bool* knob(Rules& rules, std::string_view name) {
  const std::map<std::string_view, bool*> knobs{{"ears", &rules.ears},
                                                {"session", &rules.session},
                                                {"linear", &rules.linear},
                                                {"lower", &rules.lower},
                                                {"overdue", &rules.overdue},
                                                {"timely", &rules.timely},
                                                {"seen", &rules.seen},
                                                {"applied", &rules.applied},
                                                {"fence", &rules.fence},
                                                {"grace", &rules.grace},
                                                {"late_grace", &rules.late_grace},
                                                {"refused", &rules.refused},
                                                {"own", &rules.own},
                                                {"handover", &rules.handover},
                                                {"fed", &rules.fed},
                                                {"alone", &rules.alone},
                                                {"deaf", &rules.deaf},
                                                {"behind", &rules.behind},
                                                {"backoff", &rules.backoff},
                                                {"reread", &rules.reread},
                                                {"incarnation", &rules.incarnation}};
  const auto at = knobs.find(name);
  return at == knobs.end() ? nullptr : at->second;
}

SimOptions options_of(std::uint64_t seed) {
  SimOptions options;
  options.seed = seed;
  options.nodes = std::array{3, 3, 2, 3, 5}[seed % 5];
  options.drift = seed % 4 == 0 ? 5e-4 : 5e-5;
  options.slow_network = seed % 7 == 0;
  if (const char* text = std::getenv("ROLLCALL_CLUSTER_WITHOUT")) {
    std::string_view left = text;
    while (!left.empty()) {
      const std::size_t end = std::min(left.find(','), left.size());
      bool* rule = knob(options.rules, left.substr(0, end));
      REQUIRE(rule != nullptr);
      *rule = false;
      left.remove_prefix(std::min(end + 1, left.size()));
    }
  }
  return options;
}

TEST_CASE("no instance leaves before its time, whatever fails") {
  std::uint64_t from = number_from_environment("ROLLCALL_CLUSTER_FROM", 1);
  std::uint64_t seeds = number_from_environment("ROLLCALL_CLUSTER_SEEDS", k_seeds);
  if (std::getenv("ROLLCALL_SEED") != nullptr) {
    from = number_from_environment("ROLLCALL_SEED", 0);
    seeds = 1;
  }
  const bool goes_on = std::getenv("ROLLCALL_CLUSTER_COUNT") != nullptr;
  Verdicts::Counts sum;
  std::uint64_t bad = 0;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    SimRun run(options_of(seed), {});
    const Verdicts& verdicts = run.run();
    const Verdicts::Counts& counts = verdicts.counts;
    sum.answered += counts.answered, sum.refused += counts.refused, sum.put += counts.put, sum.ends += counts.ends;
    sum.early += counts.early, sum.after_end += counts.after_end, sum.late += counts.late, sum.lost += counts.lost;
    if (counts.violations() == 0) continue;
    ++bad;
    if (!goes_on) FAIL("ROLLCALL_SEED=" << seed << ": " << verdicts.first);
    if (bad <= 5)
      std::printf("cluster: ROLLCALL_SEED=%llu: %s\n", static_cast<unsigned long long>(seed), verdicts.first.c_str());
  }
  std::printf(
      "cluster: %llu seeds, %llu heartbeats answered, %llu refused, %llu put again, %llu ends; bad seeds %llu: "
      "early %llu, after the end %llu, late %llu, lost %llu\n",
      (unsigned long long)seeds, (unsigned long long)sum.answered, (unsigned long long)sum.refused,
      (unsigned long long)sum.put, (unsigned long long)sum.ends, (unsigned long long)bad, (unsigned long long)sum.early,
      (unsigned long long)sum.after_end, (unsigned long long)sum.late, (unsigned long long)sum.lost);
  CHECK(bad == 0);
}

// The rules that random clients and faults find missing within a few seeds; schedules_test.cc has the others.
TEST_CASE("without one of the rules instances leave before their time") {
  for (const auto rule : {&Rules::ears, &Rules::overdue, &Rules::lower, &Rules::grace, &Rules::incarnation}) {
    bool is_found = false;
    for (std::uint64_t seed = 1; seed <= 60 && !is_found; ++seed) {
      SimOptions options = options_of(seed);
      options.rules.*rule = false;
      const Verdicts::Counts counts = SimRun(options, {}).run().counts;
      is_found = counts.early + counts.after_end > 0;
    }
    CHECK(is_found);
  }
}

}  // namespace
}  // namespace rollcall::cluster::testing
