// What checks have said last, where the roll has an older text: an output alone is no change of the roll, and clients send a
// new one with every beat.
//
// Owner    the door's; shown by agent/checks of this server. Lost at its end: the roll has the output of the last change.
// Threads  any.
// Limits   k_outputs_max checks; what comes beyond them is not kept.
// Source   docs/consul.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/guarded.h"
#include "registry/instance/instance.h"

namespace rollcall::api::consul {

inline constexpr std::size_t k_outputs_max = 16'384;  // of 4 KiB at most each: 64 MiB

class Outputs {
 public:
  struct Key {
    registry::InstanceKey instance;
    std::string check;
    friend bool operator==(const Key&, const Key&) = default;
  };

  // `recorded`: what the roll has. The same text needs no place here.
  void put(const Key& key, std::string output, const std::string& recorded) {
    texts_.with([&](Texts& texts) {
      if (output == recorded) {
        texts.erase(key);
      } else if (texts.size() < k_outputs_max || texts.contains(key)) {
        texts[key] = std::move(output);
      }
    });
  }
  void erase(const Key& key) {
    texts_.with([&](Texts& texts) { texts.erase(key); });
  }
  [[nodiscard]] std::optional<std::string> find(const Key& key) const {
    return texts_.with([&](const Texts& texts) -> std::optional<std::string> {
      const auto found = texts.find(key);
      return found == texts.end() ? std::nullopt : std::optional(found->second);
    });
  }

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return registry::hash_of(key.instance.ref()) ^ std::hash<std::string>()(key.check);
    }
  };
  using Texts = std::unordered_map<Key, std::string, Hash>;
  rollcall::Guarded<Texts> texts_;
};

}  // namespace rollcall::api::consul
