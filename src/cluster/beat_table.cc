#include "cluster/beat_table.h"

namespace rollcall::cluster {

BeatRow* BeatTable::find(const InstanceId& id) {
  for (std::size_t at = home(id); index_[at] != k_no_slot; at = (at + 1) & (index_.size() - 1)) {
    BeatRow& row = rows_[index_[at]];
    if (row.id == id) return &row;
  }
  return nullptr;
}

BeatRow& BeatTable::add(const InstanceId& id) {
  if ((size_ + 1) * 2 > index_.size()) grow();
  Slot slot = k_no_slot;
  if (free_.empty()) {
    slot = slots();
    rows_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  BeatRow& row = rows_[slot];
  row.id = id;
  row.used = true;
  row.slot = slot;
  std::size_t at = home(id);
  while (index_[at] != k_no_slot) at = (at + 1) & (index_.size() - 1);
  index_[at] = slot;
  ++size_;
  return row;
}

void BeatTable::remove(BeatRow& row) {
  const std::size_t mask = index_.size() - 1;
  std::size_t hole = home(row.id);
  while (index_[hole] != row.slot) hole = (hole + 1) & mask;
  // What follows moves up, unless that would put it before its home.
  for (std::size_t at = (hole + 1) & mask; index_[at] != k_no_slot; at = (at + 1) & mask) {
    const std::size_t wanted = home(rows_[index_[at]].id);
    if (((at - wanted) & mask) >= ((at - hole) & mask)) {
      index_[hole] = index_[at];
      hole = at;
    }
  }
  index_[hole] = k_no_slot;
  unlink(row);
  wheel.cancel(row);
  const Slot slot = row.slot;
  row.used = row.kept = row.ended = false;
  row.revision = 0;
  row.seen = row.hi = k_never<Own>;
  row.lo = k_never<Raw>;
  row.sequence = 0;
  free_.push_back(slot);
  --size_;
}

void BeatTable::grow() {
  std::vector<Slot> old(index_.size() * 2, k_no_slot);
  old.swap(index_);
  for (const Slot slot : old) {
    if (slot == k_no_slot) continue;
    std::size_t at = home(rows_[slot].id);
    while (index_[at] != k_no_slot) at = (at + 1) & (index_.size() - 1);
    index_[at] = slot;
  }
}

void BeatTable::unlink(BeatRow& row) {
  if (row.sequence == 0) return;
  (row.older == k_no_slot ? oldest_ : rows_[row.older].newer) = row.newer;
  (row.newer == k_no_slot ? newest_ : rows_[row.newer].older) = row.older;
  row.older = row.newer = k_no_slot;
}

void BeatTable::log(BeatRow& row) {
  unlink(row);
  row.sequence = ++sequence_;
  row.older = newest_;
  row.newer = k_no_slot;
  (newest_ == k_no_slot ? oldest_ : rows_[newest_].newer) = row.slot;
  newest_ = row.slot;
}

void BeatTable::forget_log() {
  while (oldest_ != k_no_slot) {
    BeatRow& row = rows_[oldest_];
    unlink(row);
    row.sequence = 0;
  }
  sequence_ = 0;
}

Slot BeatTable::after(const LogPlace& place) {
  if (place.sequence == 0) return oldest_;
  // The hint saves the walk where that row was not heard since.
  if (place.slot < slots() && rows_[place.slot].used && rows_[place.slot].sequence == place.sequence) {
    return rows_[place.slot].newer;
  }
  Slot found = k_no_slot;
  for (Slot at = newest_; at != k_no_slot && rows_[at].sequence > place.sequence; at = rows_[at].older) found = at;
  return found;
}

}  // namespace rollcall::cluster
