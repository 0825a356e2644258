// What the DNS should answer about the model's roll: the rules of names, statuses, priorities and TTLs, written down a
// second time and by brute force.
#pragma once

#include <string>
#include <vector>

#include "answer/zone/policy.h"
#include "dns/types.h"
#include "model/roll.h"

namespace rollcall::testing {

struct ExpectedAnswer {
  std::string rcode;
  std::vector<std::string> records;  // of the answer section, sorted
};

struct Question {
  registry::ServiceKey service;
  std::string zone{};        // its name
  std::string below{};       // a label in front of the service's name, or none
  bool by_protocol = false;  // `_S._P` instead of `S`
  registry::Protocol protocol = registry::Protocol::tcp;
  dns::Type type = dns::Type::a;

  [[nodiscard]] std::string name() const;
};

[[nodiscard]] ExpectedAnswer expected_answer(const Roll& roll, const Question& question, registry::LeaseTime now,
                                             const answer::AnswerPolicy& policy);

}  // namespace rollcall::testing
