#include "tools/rollcall/registrations.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace rollcall::cli {

Registrations::Registrations(std::vector<client::RegistrarSettings> settings, std::vector<client::HttpClient> clients) {
  check(!settings.empty() && settings.size() == clients.size(), "each registry has its client");
  for (std::size_t i = 0; i < settings.size(); ++i) {
    registrars_.push_back(std::make_unique<client::Registrar>(std::move(settings[i]), std::move(clients[i])));
  }
}

void Registrations::drain(Time until) {
  for (const auto& registrar : registrars_) registrar->drain(until);
}

void Registrations::leave() {
  for (const auto& registrar : registrars_) registrar->leave();
}

Registrations::State Registrations::state() const {
  std::vector<State> states;
  for (const auto& registrar : registrars_) states.push_back(registrar->state());
  return merged(states);
}

Registrations::State merged(std::span<const Registrations::State> states) {
  Registrations::State all;
  all.is_drained = all.is_gone = true;
  bool have_all_failed = true;
  for (const Registrations::State& each : states) {
    all.is_well |= each.is_well;
    all.has_registered |= each.has_registered;
    all.is_known |= each.is_known;
    all.is_in_touch |= each.is_in_touch;
    all.is_drained &= each.is_drained;
    all.is_gone &= each.is_gone;
    if (all.id.empty()) all.id = each.id;
    if (all.name.empty()) all.name = each.name;
    all.acknowledged_until = std::max(all.acknowledged_until, each.acknowledged_until);
    if (!all.failure) all.failure = each.failure;
    have_all_failed &= each.failure.has_value();
  }
  if (!all.has_registered && !have_all_failed) all.failure.reset();
  return all;
}

}  // namespace rollcall::cli
