// A LeaseAuthority that answers as a test says, and remembers what it was asked.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "registry/ports/lease_authority.h"

namespace rollcall::registry::testing {

class ScriptedAuthority final : public LeaseAuthority {
 public:
  [[nodiscard]] Verdict heartbeat(const InstanceRef& key) override {
    heard.emplace_back(key.id);
    const auto one = verdicts.find(std::string(key.id));
    return one == verdicts.end() ? verdict : one->second;
  }
  [[nodiscard]] bool accepts_changes() const override { return accepts; }
  [[nodiscard]] Sent now() const override { return sent; }
  [[nodiscard]] Verdict confirm(const InstanceRef& key, ChangeIndex index, Sent when) override {
    confirmed.push_back(std::string(key.id) + " #" + std::to_string(index) + " sent at " +
                        std::to_string(when.count()));
    return confirms;
  }

  void critical_too_long(const InstanceRef& key) override { too_long.emplace_back(key.id); }

  Verdict verdict = Verdict::renewed;       // of heartbeats,
  std::map<std::string, Verdict> verdicts;  // but of these ids
  Verdict confirms = Verdict::renewed;
  std::atomic<bool> accepts{true};
  Sent sent{};
  std::vector<std::string> heard;
  std::vector<std::string> confirmed;
  std::vector<std::string> too_long;
};

using Verdict = LeaseAuthority::Verdict;

}  // namespace rollcall::registry::testing
