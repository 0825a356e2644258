// The changes that can be made to the roll, and their outcomes.
//
// Shape    values.
// Owner    the caller makes a Change; the writer thread applies it (`Registry::apply`) and returns one Outcome for
//          each.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "registry/instance/instance.h"
#include "registry/instance/lease.h"

namespace rollcall::registry {

// The named checks of a registration, beside those of its plan. Empty: the instance keeps its present checks.
struct CheckDefinitions {
  std::optional<health::CheckResults> checks = {};  // with their initial status
  bool keeps_others = false;                        // keep checks that are not named here; else remove them
};
struct Register {
  Registration registration;
  CheckDefinitions checks = {};
};
struct Deregister {
  InstanceKey key;
};
// Removes the instance from its service's answers, or adds it again. The lease is unchanged.
struct SetDraining {
  InstanceKey key;
  bool is_draining = true;
};
// The combined result of an instance's health checks. It is ignored if the instance has been replaced since the checks
// ran (`judged` names the version that was checked). `output`: text of the check that failed.
struct SetHealth {
  InstanceKey key;
  CheckedSince judged{};
  bool is_critical = false;
  std::string output;
};
// A new result of one named check. A different output alone does not count as a change. For the check that belongs to
// the lease (LeaseKind::turns_critical), passing and warning renew the lease.
struct SetCheck {
  InstanceKey key;
  health::CheckResult result;  // `since` and `ends_at` are not read
  bool adds = false;  // creates the check if it is missing; else it must exist, and only status and output are used
  std::optional<CheckedSince> judged = {};  // found by a check that ran; ignored if the instance was replaced since
};
struct RemoveCheck {
  InstanceKey key;
  std::string id;
};
// A probe found that nothing listens at the instance's address: the lease ends before its deadline. `reason` is the
// probe's text. No effect if the instance has been replaced since, or has sent a heartbeat.
struct End {
  InstanceKey key;
  CheckedSince judged{};
  std::string reason;
  LeaseTime unless_renewed =
      LeaseTime::max();  // the deadline when the probe ran; a later one means a heartbeat arrived
  // Not the probe's: one of its checks has been critical for `ends_after`. The other fields are not read, and there is no
  // effect if that is no longer so.
  bool is_critical_too_long = false;
};
// An operator edited a row in the database: the instance takes the row's values. A deleted row is a Deregister.
struct Edit {
  Registration registration;
  Standing standing;
};

// A heartbeat that has to be stored, because only the shared store of a cluster can say whether the lease goes on: the
// instance is put again as it is. `judged`: renewed by a probe, which speaks of this version alone.
struct Renew {
  InstanceKey key;
  std::optional<CheckedSince> judged = {};
};

// Changes fields of an instance beside its registration; what is not named stays (patched.h).
struct Patch {
  InstanceKey key;
  std::optional<std::uint16_t> weight = {};
  std::optional<std::uint16_t> priority = {};
  std::optional<std::vector<std::string>> tags = {};
  bool clears_meta = false;                                                   // before `meta` is merged
  std::vector<std::pair<std::string, std::optional<std::string>>> meta = {};  // without a value: the pair is removed
};

// Forgets a service that has no instance, before its time. `key.id` is empty.
struct ForgetService {
  InstanceKey key;
};

struct Change {
  std::variant<Register, Deregister, SetDraining, SetHealth, SetCheck, RemoveCheck, End, Edit, Renew, Patch,
               ForgetService>
      asked;
  std::string by = {};  // the author, for the history; empty: unknown

  template <class T>
    requires std::constructible_from<decltype(asked), T> && (!std::same_as<std::remove_cvref_t<T>, Change>)
  Change(T&& what, std::string who = {})  // NOLINT(google-explicit-constructor): each of them is a change
      : asked(std::forward<T>(what)), by(std::move(who)) {}
};

// The instance that a change is about; of ForgetService with an empty id.
[[nodiscard]] const InstanceKey& key_of(const Change& change);

// The result of a change; the response to the client is built from it.
struct Applied {
  bool created = false;  // a new instance, not a renewal or an update
  bool changed = false;  // something visible is different
  Status status = Status::ready;
  std::string label = {};
  ChangeIndex index = 0;  // of the instance; for a deregistration, of the service
  LeaseTime expires_at = {};
};
using Outcome = Result<Applied>;

}  // namespace rollcall::registry
