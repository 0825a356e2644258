// The changes that can be made to the roll, and their outcomes.
//
// Shape    values.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/result.h"
#include "registry/instance/instance.h"
#include "registry/instance/lease.h"

namespace rollcall::registry {

// The named checks an instance comes with, beside those of its plan. Empty: they stay as they are.
struct CheckDefinitions {
  std::optional<health::CheckResults> checks = {};  // with the status each begins with
  bool keeps_others = false;                        // those that are not named stay; else they leave
};
struct Register {
  Registration registration;
  CheckDefinitions checks = {};
};
struct Deregister {
  InstanceKey key;
};
// Takes the instance out of the answers of its service, or puts it back. The lease goes on as it is.
struct SetDraining {
  InstanceKey key;
  bool is_draining = true;
};
// What the health checks of an instance have come to. Nothing comes of it when the instance is another by now than the one
// that was judged. `output`: the sentence of the check that says no.
struct SetHealth {
  InstanceKey key;
  CheckedSince judged{};
  bool is_critical = false;
  std::string output;
};
// A named check says something. Its output alone is no change of the roll. Of the check of a lease (LeaseKind::turns_critical)
// passing and warning renew the lease.
struct SetCheck {
  InstanceKey key;
  health::CheckResult result;  // `since` and `ends_at` are not read
  bool adds = false;           // defines the check too; else it must be known, and only its status and output are read
};
struct RemoveCheck {
  InstanceKey key;
  std::string id;
};
// A probe has found that nothing runs at the instance's address: the lease ends before its deadline. `reason` is the
// sentence of the probe. No effect when the instance has been replaced since, or has sent a heartbeat.
struct End {
  InstanceKey key;
  CheckedSince judged{};
  std::string reason;
  LeaseTime unless_renewed = LeaseTime::max();  // the deadline that was seen: a later one says that it is alive
};
// A row that somebody has changed in the database: the instance is as the row says. Its removal is a Deregister.
struct Edit {
  Registration registration;
  Standing standing;
};

struct Change {
  std::variant<Register, Deregister, SetDraining, SetHealth, SetCheck, RemoveCheck, End, Edit> asked;
  std::string by = {};  // who asked, for the history; empty: nobody is known

  template <class T>
    requires std::constructible_from<decltype(asked), T> && (!std::same_as<std::remove_cvref_t<T>, Change>)
  Change(T&& what, std::string who = {})  // NOLINT(google-explicit-constructor): each of them is a change
      : asked(std::forward<T>(what)), by(std::move(who)) {}
};

// The instance that a change is about.
[[nodiscard]] const InstanceKey& key_of(const Change& change);

// What a change came to: what the answer to the client is made of.
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
