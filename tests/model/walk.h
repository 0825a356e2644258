// A walk of random operations over a simulated server and the model beside it, compared after each step.
//
// Failure  `step` returns what differs; the operation that led there is in `history`.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/answers.h"
#include "model/roll.h"
#include "scenario/simulated_server.h"

namespace rollcall::testing {

class Walk {
 public:
  explicit Walk(std::uint64_t seed);

  // One operation, and a look at what it changed and at a few names. Empty: all is as it should be.
  [[nodiscard]] std::string step();
  // A look at everything.
  [[nodiscard]] std::string compare_all();
  // The last operations, the latest last.
  [[nodiscard]] std::string history() const;

 private:
  void note(std::string operation);
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return random_.below(bound); }
  [[nodiscard]] bool one_in(std::uint32_t count) { return below(count) == 0; }
  [[nodiscard]] registry::ServiceKey any_service();
  [[nodiscard]] registry::InstanceKey any_key();
  [[nodiscard]] registry::Registration any_registration();
  [[nodiscard]] registry::Change any_change();
  [[nodiscard]] Question any_question();

  std::string change_the_roll();
  std::string heartbeat();
  std::string let_time_pass();
  void let_the_store_fail_or_work();
  void restart();
  void reload();

  [[nodiscard]] std::string compare_outcome(const registry::Outcome& outcome, const Predicted& predicted,
                                            const registry::Change& change) const;
  [[nodiscard]] std::string compare_roll() const;
  [[nodiscard]] std::string compare_service(const registry::ServiceKey& key, const ModelService& expected) const;
  [[nodiscard]] std::string compare_store();
  [[nodiscard]] std::string ask(const Question& question);

  Random random_;
  SimulatedServer server_;
  Model model_;
  std::deque<std::string> history_;
  std::uint64_t steps_ = 0;
};

}  // namespace rollcall::testing
