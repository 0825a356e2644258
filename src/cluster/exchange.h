// What nodes ask each other, several times a second: which heartbeats have you heard since I asked last?
//
// An item is 16 octets:
//
//   0               8       12      16
//   | id                     | age   |     age: in steps of 0.1 ms, rounded down
//
// Items name the instance by a keyed hash of its key, not by the event of its registration. A heartbeat that was heard
// before the hearing node had applied the newest registration still counts for the instance, and a full read of etcd,
// which does not tell places within a revision, is enough to know everybody.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cluster/clocks.h"
#include "cluster/engine.h"

namespace rollcall::cluster {

// 96 bits of a keyed hash of the instance's key: two of a million instances share one once in 10^17 clusters.
struct InstanceId {
  std::uint32_t words[3]{};
  auto operator<=>(const InstanceId&) const = default;
};

struct BeatItem {
  InstanceId id;
  std::uint32_t age = 0;
};
static_assert(sizeof(BeatItem) == 16);

inline constexpr Duration k_age_step = std::chrono::microseconds(100);
inline constexpr std::uint32_t k_age_max =
    UINT32_MAX - 1;  // 119 hours: longer than any lease; older items are left out

// A run of a node, from the creation of its session's key to its end. Never used again.
using Incarnation = std::uint64_t;

// A place in the log of a member: the sequence number of the last heartbeat fetched, and where that lies (a hint).
struct LogPlace {
  std::uint64_t sequence = 0;
  std::uint32_t slot = 0;
};

struct PollRequest {
  std::string from = {};
  Incarnation from_incarnation = 0;
  Incarnation to_incarnation = 0;
  LogPlace fetched = {};
  std::optional<std::uint32_t> whole_from = {};  // set while the ages of the whole roll are wanted: from this slot on
  Duration silence{};  // since the poll was sent that you answered last; how long you are unheard
};

struct PollAnswer {
  Incarnation incarnation = 0;
  bool is_member = false;  // of its own knowledge; what is no member has heard nobody
  Revision applied = 0;
  std::vector<BeatItem> items = {};
  LogPlace fetched = {};                         // ask from here next time
  std::optional<std::uint32_t> whole_from = {};  // the roll goes on here
  bool complete = false;                         // up to the end of the log
};

// Kept by the asking node until the answer arrives or the poll is given up.
struct SentPoll {
  std::string to;
  PollRequest request;
  Now sent;
};

}  // namespace rollcall::cluster
