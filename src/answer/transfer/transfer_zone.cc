#include "answer/transfer/transfer_zone.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace rollcall::answer {
namespace {

// A difference is not even added up when its steps together are larger than this many times the zone: they would have
// to cancel each other almost wholly to be worth it.
constexpr std::size_t k_gross_factor = 4;
constexpr std::size_t k_gross_bytes_always = std::size_t{1} << 16;

SharedRecords shared(RecordSet set) { return std::make_shared<const RecordSet>(std::move(set)); }

}  // namespace

void TransferZone::put(const std::string& key, RecordSet records) {
  const auto at = sets_.find(key);
  const SharedRecords before = at == sets_.end() ? nullptr : at->second;
  const SharedRecords now = records.size() == 0 ? nullptr : shared(std::move(records));
  const std::size_t differences = removed_.size() + added_.size();
  append_difference(before.get(), now.get(), removed_, added_);
  // The same records: what is shown stays, and nothing is kept for a `publish` that may never come.
  if (removed_.size() + added_.size() == differences) return;
  if (before != nullptr) kept_.push_back(before);
  if (now != nullptr) {
    sets_.insert_or_assign(key, now);
  } else if (at != sets_.end()) {
    sets_.erase(at);
  }
}

void TransferZone::publish(dns::Serial serial, RecordSet soa) {
  std::vector<SharedRecords> sets;
  sets.reserve(sets_.size());
  std::size_t bytes = soa.bytes();
  for (const auto& [key, records] : sets_) {
    sets.push_back(records);
    bytes += records->bytes();
  }
  const bool is_step =
      !is_first_ && dns::is_newer(serial, shown_.with([](const Shown& shown) { return shown.serial; }));
  Step step;
  if (is_step) step = {.removed = shared(RecordSet::copy_of(removed_)), .added = shared(RecordSet::copy_of(added_))};
  SharedRecords new_soa = shared(std::move(soa));
  std::vector<SharedRecords> old_sets;  // freed outside the lock
  std::deque<Step> forgotten;
  shown_.with([&](Shown& shown) {
    if (is_step) {
      step.from = shown.serial;
      step.old_soa = shown.soa;
      shown.journal_bytes += step.memory_bytes();
      shown.journal.push_back(std::move(step));
    } else {
      forgotten.swap(shown.journal);
      shown.journal_bytes = 0;
    }
    while (!shown.journal.empty() && shown.journal_bytes > journal_bytes_max_) {
      shown.journal_bytes -= shown.journal.front().memory_bytes();
      forgotten.push_back(std::move(shown.journal.front()));
      shown.journal.pop_front();
    }
    shown.serial = serial;
    shown.soa = std::move(new_soa);
    old_sets = std::exchange(shown.sets, std::move(sets));
    shown.bytes = bytes;
  });
  removed_.clear();
  added_.clear();
  kept_.clear();
  is_first_ = false;
}

TransferParts TransferZone::whole(const Shown& shown) {
  TransferParts parts;
  parts.reserve(shown.sets.size() + 2);
  parts.push_back(shown.soa);
  parts.insert(parts.end(), shown.sets.begin(), shown.sets.end());
  parts.push_back(shown.soa);
  return parts;
}

TransferParts TransferZone::axfr() const { return shown_.with(whole); }

TransferParts TransferZone::soa() const {
  return shown_.with([](const Shown& shown) { return TransferParts{shown.soa}; });
}

std::size_t TransferZone::journal_bytes() const {
  return shown_.with([](const Shown& shown) { return shown.journal_bytes; });
}

TransferParts TransferZone::ixfr(dns::Serial have) const {
  std::vector<Step> steps;
  SharedRecords soa;
  std::size_t zone_bytes = 0;
  const TransferParts other = shown_.with([&](const Shown& shown) -> TransferParts {
    if (!dns::is_newer(shown.serial, have)) return {shown.soa};
    std::size_t gross = 0;
    auto first = shown.journal.end();
    while (first != shown.journal.begin()) {
      --first;
      gross += first->bytes();
      if (gross > k_gross_factor * shown.bytes + k_gross_bytes_always) return whole(shown);
      if (first->from == have) {
        steps.assign(first, shown.journal.end());
        soa = shown.soa;
        zone_bytes = shown.bytes;
        return {};
      }
    }
    return whole(shown);
  });
  if (steps.empty()) return other;

  // RFC 1995 §6: from the first to the last, what came and went between them left out.
  struct Fate {
    bool was_there;
    bool is_there;
  };
  std::unordered_map<WireRecord, Fate> fates;
  for (const Step& step : steps) {
    for (std::size_t i = 0; i < step.removed->size(); ++i) {
      fates.try_emplace((*step.removed)[i], Fate{true, true}).first->second.is_there = false;
    }
    for (std::size_t i = 0; i < step.added->size(); ++i) {
      fates.try_emplace((*step.added)[i], Fate{false, false}).first->second.is_there = true;
    }
  }
  std::vector<WireRecord> removed;
  std::vector<WireRecord> added;
  std::size_t bytes = 0;
  for (const auto& [record, fate] : fates) {
    if (fate.was_there == fate.is_there) continue;
    (fate.was_there ? removed : added).push_back(record);
    bytes += record.size();
  }
  if (bytes > zone_bytes) return axfr();
  std::ranges::sort(removed);
  std::ranges::sort(added);
  return {soa, steps.front().old_soa, shared(RecordSet::copy_of(removed)), soa, shared(RecordSet::copy_of(added)), soa};
}

}  // namespace rollcall::answer
