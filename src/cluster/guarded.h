// The guarded transactions of the liveness rules: each compares what must still be true when etcd applies it, so that one
// which comes late, or twice, does no harm.
//
// Source   docs/architecture.md; the rules are Liveness's.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "cluster/engine.h"

namespace rollcall::cluster {

// The keys of one node, of one cluster.
struct NodeKeys {
  std::string node;     // node/<name>: the session
  std::string nodes;    // nodes/<name>: the registered set
  std::string members;  // the fence
  std::string nothing;  // never there: its deletion goes through consensus, and makes no revision
};

struct GuardedEnd {
  std::string key;
  Revision revision = 0;
  std::optional<std::string> value = {};  // the instance stays, as this: at its deadline a check turns critical
};

// At most so many ends in one transaction: the guards take two compares of 128, a lane one more.
inline constexpr std::size_t k_ends_of_transaction_max = 100;

// `value` carries the incarnation: after an unknown outcome the key itself, which comes back when it exists, tells.
[[nodiscard]] Transaction create_session(const NodeKeys& keys, std::string value);
[[nodiscard]] Transaction prove(const NodeKeys& keys, Revision session);
// `changed`: the own key's mod_revision as the watch has shown it. Without this compare a late one would undo a joining.
[[nodiscard]] Transaction publish(const NodeKeys& keys, Revision session, Revision changed, std::string value);
[[nodiscard]] Transaction join(const NodeKeys& keys, Revision session, Revision members, std::string value,
                               std::string nodes);
[[nodiscard]] Transaction leave(const NodeKeys& keys, Revision session, Revision members, std::string nodes);
// Deletes only, but for instances that stay, so that it passes when etcd is out of space. `fence`: false in tests alone (rules.h).
[[nodiscard]] Transaction end(const NodeKeys& keys, Revision session, Revision members,
                              std::span<const GuardedEnd> ends, bool fence = true);
// An overdue instance again, unless it has changed.
[[nodiscard]] Transaction put_again(std::string key, Revision revision, std::string value);

}  // namespace rollcall::cluster
