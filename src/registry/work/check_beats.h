// When checks that call in were heard last, where that is no change of the roll: a check with a TTL that is not the lease of
// its instance (LeaseKind::turns_critical) has no deadline on the roll, and says what it has said before with most calls.
//
// Shape    one entry a check, from its first passing or warning call; `forget` ends it: it is told to be critical, or is gone.
// Owner    the server. A door writes, the schedule of health checks reads and forgets.
// Threads  any.
// Source   docs/consul.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/guarded.h"
#include "health/check_result.h"
#include "registry/instance/instance.h"

namespace rollcall::registry {

class CheckBeats {
 public:
  struct Beat {
    LeaseTime at{};
    health::CheckStatus status = health::CheckStatus::passing;
    friend bool operator==(const Beat&, const Beat&) = default;
  };

  void hear(const InstanceKey& key, std::string_view check, Beat beat) {
    beats_.with([&](Beats& beats) { beats.insert_or_assign({key, std::string(check)}, beat); });
  }
  void forget(const InstanceKey& key, std::string_view check) {
    beats_.with([&](Beats& beats) { beats.erase({key, std::string(check)}); });
  }
  [[nodiscard]] std::optional<Beat> find(const InstanceKey& key, std::string_view check) const {
    return beats_.with([&](const Beats& beats) -> std::optional<Beat> {
      const auto found = beats.find({key, std::string(check)});
      return found == beats.end() ? std::nullopt : std::optional(found->second);
    });
  }
  [[nodiscard]] std::size_t size() const {
    return beats_.with([](const Beats& beats) { return beats.size(); });
  }

 private:
  struct Place {
    InstanceKey instance;
    std::string check;
    friend bool operator==(const Place&, const Place&) = default;
  };
  struct Hash {
    std::size_t operator()(const Place& place) const noexcept {
      return hash_of(place.instance.ref()) ^ std::hash<std::string>()(place.check);
    }
  };
  using Beats = std::unordered_map<Place, Beat, Hash>;
  Guarded<Beats> beats_;
};

}  // namespace rollcall::registry
