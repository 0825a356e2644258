// The changes that can be made to the roll, and their outcomes.
//
// Shape    values.
#pragma once

#include <concepts>
#include <string>
#include <utility>
#include <variant>

#include "base/result.h"
#include "registry/instance.h"
#include "registry/lease.h"

namespace rollcall::registry {

struct Register {
  Registration registration;
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
  std::variant<Register, Deregister, SetDraining, SetHealth, End, Edit> asked;
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
