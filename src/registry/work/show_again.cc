#include "registry/work/show_again.h"

#include <utility>

#include "base/limits.h"
#include "base/rcu.h"

namespace rollcall::registry {

void ShowAgain::begin(std::move_only_function<void()> done) {
  writer_.run_soon([this, done = std::move(done)]() mutable { start(std::move(done)); });
}

void ShowAgain::start(std::move_only_function<void()> done) {
  ++round_;
  done_ = std::move(done);
  rest_.clear();
  {
    const rcu::ReadLock lock;
    registry_.for_each_service([this](const Service& service) { rest_.push_back(service.service); });
  }
  show_some(round_);
}

// A service that was forgotten meanwhile is skipped; a new one has been published with the new settings already.
void ShowAgain::show_some(std::uint64_t round) {
  if (round != round_) return;
  std::size_t services = 0;
  std::size_t instances = 0;
  const rcu::ReadLock lock;
  while (!rest_.empty()) {
    if (services == limits::k_shown_again_services_max || instances >= limits::k_shown_again_instances_max) {
      writer_.run_soon([this, round] { show_some(round); });
      return;
    }
    const Service* service = registry_.find_service(rest_.back().ref());
    rest_.pop_back();
    if (service == nullptr) continue;
    audience_.publish(*service);
    ++services;
    instances += service->instances.size();
  }
  std::exchange(done_, {})();
}

}  // namespace rollcall::registry
