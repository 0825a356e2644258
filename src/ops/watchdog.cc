#include "ops/watchdog.h"

#include <algorithm>
#include <pthread.h>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"

namespace rollcall::ops {
namespace {

constexpr int k_rounds_within_limit = 4;  // half of the limit is what systemd recommends; one late round is allowed for

}  // namespace

WatchdogRounds::WatchdogRounds(std::chrono::microseconds limit, std::vector<std::unique_ptr<Pulse>> pulses)
    : every_(std::max(limit / k_rounds_within_limit, std::chrono::microseconds(1'000))), pulses_(std::move(pulses)) {}

WatchdogRounds::Verdict WatchdogRounds::round(Time now) {
  const bool judges = last_ && now - *last_ < 2 * every_;
  last_ = now;
  Verdict verdict;
  std::vector<const Pulse*> stuck;
  for (const std::unique_ptr<Pulse>& pulse : pulses_) {
    if (judges && !pulse->has_answered()) {
      stuck.push_back(pulse.get());  // its question stands
      const bool is_known = std::ranges::find(known_stuck_, pulse.get()) != known_stuck_.end();
      if (!is_known) verdict.stuck.push_back(pulse->name());
    } else {
      pulse->ask();
    }
  }
  verdict.beats = stuck.empty();
  known_stuck_ = std::move(stuck);
  return verdict;
}

Watchdog::Watchdog(std::chrono::microseconds limit, std::vector<std::unique_ptr<Pulse>> pulses, Beat beat)
    : rounds_(limit, std::move(pulses)), beat_(std::move(beat)), thread_([this, limit](const std::stop_token& stop) {
        pthread_setname_np(pthread_self(), "watchdog");
        GuardedCondition<bool> never;
        while (!stop.stop_requested()) {
          const WatchdogRounds::Verdict verdict = rounds_.round(std::chrono::steady_clock::now());
          for (const std::string& name : verdict.stuck) {
            log::error(
                "{} makes no progress: if that lasts, the service manager restarts this server {} ms after its last "
                "beat",
                name, std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
          }
          if (verdict.beats) beat_();
          never.wait_until(stop, std::chrono::steady_clock::now() + rounds_.every(), [](bool) { return false; });
        }
      }) {}

}  // namespace rollcall::ops
