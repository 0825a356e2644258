// The instances of the roll as liveness sees them: when each was last heard, in what order they were heard here, and whose
// lease may be over.
//
// Shape    rows in slots that keep their addresses; an open-addressing index by id; one list through the rows in the order
//          in which heartbeats were heard here, each row in it once, so that it is bounded by the roll; one timing wheel. A
//          heartbeat touches its row and the ends of the list, and allocates nothing; the wheel's timer is left where it
//          is and looked at again when it fires.
// Memory   about 110 octets an instance.
// Owner    Liveness. Threads one.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/timing_wheel.h"
#include "cluster/clocks.h"
#include "cluster/exchange.h"

namespace rollcall::cluster {

using Slot = std::uint32_t;
inline constexpr Slot k_no_slot = UINT32_MAX;

struct BeatRow : TimingWheel::Timer {
  InstanceId id;
  bool used = false;
  bool kept = false;      // by the full read that is going on
  bool ended = false;     // off the roll; kept until every member has fetched its last heartbeat
  Revision revision = 0;  // of the registration
  Duration ttl{};
  Own seen = k_never<Own>;     // when this node has seen that revision
  Raw lo = k_never<Raw>;       // last heard: the earliest it can have been
  Own hi = k_never<Own>;       // ... and the latest
  std::uint64_t sequence = 0;  // of the last heartbeat heard here; 0: none
  Slot slot = k_no_slot;
  Slot older = k_no_slot;
  Slot newer = k_no_slot;
};

class BeatTable {
 public:
  explicit BeatTable(Tick now) : wheel(now) { index_.assign(k_index_min, k_no_slot); }

  [[nodiscard]] BeatRow* find(const InstanceId& id);
  BeatRow& add(const InstanceId& id);  // which is not there
  void remove(BeatRow& row);
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Slot slots() const { return static_cast<Slot>(rows_.size()); }
  [[nodiscard]] BeatRow& at(Slot slot) { return rows_[slot]; }

  // The row was heard: it is the newest of the log.
  void log(BeatRow& row);
  void forget_log();
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  [[nodiscard]] LogPlace log_end() const { return {sequence_, newest_}; }
  // The slot of the oldest row that was heard after `place`.
  [[nodiscard]] Slot after(const LogPlace& place);

 private:
  static constexpr std::size_t k_index_min = 64;  // a power of two
  [[nodiscard]] std::size_t home(const InstanceId& id) const { return id.words[0] & (index_.size() - 1); }
  void grow();
  void unlink(BeatRow& row);

  std::deque<BeatRow> rows_;
  std::vector<Slot> free_;
  std::vector<Slot> index_;  // linear probing, at most half full
  std::size_t size_ = 0;
  std::uint64_t sequence_ = 0;
  Slot oldest_ = k_no_slot;
  Slot newest_ = k_no_slot;

 public:
  TimingWheel wheel;  // declared last: timers are unlinked by the rows, or by it
};

}  // namespace rollcall::cluster
