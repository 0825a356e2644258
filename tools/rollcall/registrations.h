// An instance on the rolls of all registries that `--http` names: one Registrar for each, seen as one.
//
// Owner    the object owns the registrars, and with them their threads.
// Threads  as Registrar.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "client/registrar.h"

namespace rollcall::cli {

class Registrations {
 public:
  using State = client::Registrar::State;
  using Time = client::Registrar::Time;

  // One HTTP client for each of the settings. Starts the threads.
  Registrations(std::vector<client::RegistrarSettings> settings, std::vector<client::HttpClient> clients);

  void drain(Time until);
  void leave();
  [[nodiscard]] State state() const;

 private:
  std::vector<std::unique_ptr<client::Registrar>> registrars_;
};

// Registered and in touch: with one of them at least. Drained and gone: with all. A failure before the first registration is
// one of all registries, later the first that there is.
[[nodiscard]] Registrations::State merged(std::span<const Registrations::State> states);

}  // namespace rollcall::cli
