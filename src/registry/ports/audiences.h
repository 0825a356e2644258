// Forwards changes of the registry to several audiences: DNS answers, zone transfers, health checks.
//
// Owner    borrows each audience.
// Threads  `add` before the first publish; everything else on the writer thread, as in ports.h.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "registry/ports/ports.h"

namespace rollcall::registry {

class Audiences final : public Audience {
 public:
  explicit Audiences(std::vector<Audience*> all) : all_(std::move(all)) {}
  void add(Audience& one) { all_.push_back(&one); }
  void publish(const Service& service) override {
    for (Audience* each : all_) each->publish(service);
  }
  void withdraw(const ServiceRef& service) override {
    for (Audience* each : all_) each->withdraw(service);
  }
  void expect(std::size_t services) override {
    for (Audience* each : all_) each->expect(services);
  }
  [[nodiscard]] LeaseTime answered_until(const ServiceRef& service, LeaseTime now) const override {
    LeaseTime until{};
    for (const Audience* each : all_) until = std::max(until, each->answered_until(service, now));
    return until;
  }
  void assume_answered(const ServiceRef& service, LeaseTime now) override {
    for (Audience* each : all_) each->assume_answered(service, now);
  }

 private:
  std::vector<Audience*> all_;
};

}  // namespace rollcall::registry
