// Runs the health checks and probes of all instances, on a thread of its own.
//
// Shape    an Audience that only notes which services have changed; its thread looks at them on the roll
//          (registry::HealthSchedule), runs what is due, and hands changes of health to the writer.
// Owner    rollcalld.cc, after the registry and the writer; borrows them.
// Threads  `publish`, `withdraw`: the writer's. `counters`: any. The rest is the runner's own.
// Stop     what is under way is dropped. `stop` before the writer goes away.
// Source   docs/checks.md.
#pragma once

#include <chrono>
#include <memory>

#include "net/checks/probe.h"
#include "registry/ports/ports.h"
#include "registry/work/check_beats.h"
#include "registry/work/health_schedule.h"
#include "registry/work/writer.h"

namespace rollcall::net {

struct CheckSettings {
  std::size_t in_flight_max = limits::k_checks_in_flight_default;
  CheckPermit permits = [](const IpAddress&) { return true; };
  registry::HealthSchedule::IsOurs is_ours = nullptr;  // of a node of a cluster; any thread
  registry::CheckBeats* beats = nullptr;               // null: nobody calls in but by leases
  // What an alias of a node comes to; null: no node is known. Any thread.
  std::function<health::RunResult(registry::ZoneId, std::string_view)> look_at_node = nullptr;
};

class CheckRunner final : public registry::Audience {
 public:
  CheckRunner(const registry::Registry& registry, registry::Writer& writer, const registry::TimeSource& clock,
              CheckSettings settings);
  ~CheckRunner() override;

  void start();
  void stop();

  void publish(const registry::Service& service) override;
  void withdraw(const registry::ServiceRef& service) override;

  [[nodiscard]] const registry::HealthCounters& counters() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rollcall::net
