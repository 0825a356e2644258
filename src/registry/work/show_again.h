// Publishes every service again after a reload of settings, because prebuilt answers contain the answer policy.
//
// Shape    in portions, each a task of the writer's: registrations, ends of leases and readers that wait for each other
//          get their turn between two of them. A service that changes meanwhile is shown with the change, and may be shown
//          twice.
// Owner    rollcalld.cc; it outlives the writer's thread.
// Threads  `begin` any; the rest is the writer's.
// Limits   k_shown_again_services_max and k_shown_again_instances_max in a portion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "registry/ports/ports.h"
#include "registry/registry.h"
#include "registry/work/writer.h"

namespace rollcall::registry {

class ShowAgain {
 public:
  ShowAgain(const Registry& registry, Audience& audience, Writer& writer)
      : registry_(registry), audience_(audience), writer_(writer) {}

  // `done` is called on the writer's thread once all are shown; where `begin` is called again before that, only by the later.
  void begin(std::move_only_function<void()> done);

 private:
  void start(std::move_only_function<void()> done);
  void show_some(std::uint64_t round);

  const Registry& registry_;
  Audience& audience_;
  Writer& writer_;
  // The writer's.
  std::uint64_t round_ = 0;  // of the last `begin`
  std::vector<ServiceKey> rest_;
  std::move_only_function<void()> done_;
};

}  // namespace rollcall::registry
