// Runs a scenario's commands against a simulated server.
//
// Failure  `run` returns what differs from what the script expects; throws for a script that cannot be understood.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "scenario/script.h"
#include "scenario/simulated_server.h"

namespace rollcall::testing {

class Commands {
 public:
  Commands();
  [[nodiscard]] std::string run(const Command& command);

 private:
  using Run = std::string (Commands::*)(const Command&);

  std::string zone(const Command& command);
  std::string settings(const Command& command);
  std::string register_instance(const Command& command);
  std::string heartbeat(const Command& command);
  std::string deregister(const Command& command);
  std::string drain(const Command& command);
  std::string undrain(const Command& command);
  std::string check(const Command& command);
  std::string end(const Command& command);
  std::string edit(const Command& command);
  std::string events(const Command& command);
  std::string roll(const Command& command);
  std::string services(const Command& command);
  std::string query(const Command& command);
  std::string pass(const Command& command);
  std::string pause(const Command& command);
  std::string step_wall_clock(const Command& command);
  std::string restart(const Command& command);
  std::string store(const Command& command);
  std::string stored(const Command& command);

  [[nodiscard]] SimulatedServer& server();
  [[nodiscard]] registry::InstanceKey key_of(const Command& command, Options& options);
  [[nodiscard]] std::string judge_standing(const Command& command, registry::Change change);
  [[nodiscard]] std::string judge(const Command& command, std::string_view refused, std::string came) const;

  SimulatedSettings settings_;
  std::unique_ptr<SimulatedServer> server_;  // made by the first command that needs it
  std::map<std::string, Run, std::less<>> commands_;
  std::size_t events_seen_ = 0;
};

}  // namespace rollcall::testing
