#include "cluster/skydns/importer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/rcu.h"
#include "cluster/skydns/record.h"

namespace rollcall::cluster {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t k_page_keys = 10'000;
constexpr milliseconds k_again{1'000};
constexpr milliseconds k_after_difference{20};
constexpr milliseconds k_after_lost_lease{200};
constexpr milliseconds k_look_at_conflicts{2'000};
constexpr std::size_t k_conflicts_looked_at_max = 100;

Range rest_of(std::string_view prefix, std::string from) {
  Range range = range_of_prefix(prefix);
  if (!from.empty()) range.begin = std::move(from);
  return range;
}

}  // namespace

struct Importer::Watch final : Watcher {
  Watch(std::weak_ptr<Importer> its_importer, std::uint64_t its_generation)
      : importer(std::move(its_importer)), generation(its_generation) {}
  void see(const RevisionEvents& events) override {
    if (const auto at = importer.lock()) at->tell(generation, events);
  }
  void ended(End why) override {
    if (const auto at = importer.lock()) at->tell(generation, why);
  }
  const std::weak_ptr<Importer> importer;
  const std::uint64_t generation;
};

Importer::Importer(Engine& roll, Engine& records, const Keys& keys, const registry::ZoneDirectory& zones,
                   const ZoneBases& bases, const registry::Registry& registry, Options options)
    : roll_(roll),
      records_(records),
      keys_(keys),
      zones_(zones),
      bases_(bases),
      registry_(registry),
      options_(std::move(options)),
      rules_{keys_, options_.prefix, zones_, options_.bounds, &roll_ == &records_},
      lane_(keys_.lane(options_.node, k_import_lane), options_.node) {}

void Importer::tell(std::uint64_t generation, News news) {
  const std::lock_guard lock(mutex_);
  inbox_.emplace_back(generation, std::move(news));
}

void Importer::shown(const registry::ServiceKey& service) {
  if (!options_.mirrors) return;
  const std::lock_guard lock(mutex_);
  if (shown_.empty() || shown_.back() != service) shown_.push_back(service);
}

void Importer::tick(bool is_active, Time now) {
  std::vector<std::pair<std::uint64_t, News>> news;
  std::vector<registry::ServiceKey> shown;
  {
    const std::lock_guard lock(mutex_);
    news.swap(inbox_);
    shown.swap(shown_);
  }
  if (!is_active) {
    if (phase_ != Phase::idle) begin_again(now);
    return;
  }
  for (auto& [generation, each] : news) {
    if (generation != generation_) continue;
    std::visit([&](auto& what) { take(std::move(what), now); }, each);
  }
  if (phase_ == Phase::idle && now >= again_at_) {
    phase_ = Phase::reading;
    read_records({}, 0);
  }
  if (phase_ == Phase::idle) return;
  for (const registry::ServiceKey& service : shown) note_shown(service);
  if (phase_ != Phase::following) return;
  look_again(now);
  if (!is_importing_ && now >= next_import_) import();
  if (!is_mirroring_ && now >= next_mirror_) mirror_services();
}

// Forgets everything; what is still brought is of another generation.
void Importer::begin_again(Time at) {
  ++generation_;
  phase_ = Phase::idle;
  again_at_ = at;
  watch_.reset();
  states_.clear();
  queue_.clear();
  queued_.clear();
  conflicts_.clear();
  flight_.clear();
  mirrored_.clear();
  unmirrored_.clear();
  names_.clear();
  is_importing_ = is_mirroring_ = false;
}

// ---------------------------------------------------------------- reading

void Importer::read_records(std::string from, Revision at) {
  records_.read({.range = rest_of(options_.prefix + "/", std::move(from)), .at = at, .keys_max = k_page_keys},
                teller<Records>());
}

void Importer::read_marks(std::string from, Revision at) {
  roll_.read({.range = rest_of(keys_.imports(), std::move(from)), .at = at, .keys_max = k_page_keys}, teller<Marks>());
}

void Importer::take(Records&& page, Time now) {
  if (!page.ok()) {
    if (page.outcome == ReadOutcome::refused && !std::exchange(said_refused_, true)) {
      log::warn("etcd does not let this node read {}/: records of other programs are not on the roll", options_.prefix);
    }
    return begin_again(now + k_again);
  }
  if (read_at_ == 0) read_at_ = page.header.revision;
  std::string next = page.more && !page.keys.empty() ? page.keys.back().key + '\0' : std::string();
  for (KeyValue& record : page.keys) note(std::move(record));
  if (next.empty()) return read_marks({}, 0);
  read_records(std::move(next), read_at_);
}

void Importer::take(Marks&& page, Time now) {
  if (!page.ok()) return begin_again(now + k_again);
  std::string next = page.more && !page.keys.empty() ? page.keys.back().key + '\0' : std::string();
  for (const KeyValue& mark : page.keys) {
    const Place place = keys_.place_of(mark.key);
    const auto* import = std::get_if<ImportPlace>(&place);
    if (import == nullptr) continue;
    ImportState& state = states_[std::string(import->record)];
    state.marked = mark.changed;
    if (Result<StoredImport> read = read_import(mark.value)) state.import = std::move(*read);
  }
  if (!next.empty()) return read_marks(std::move(next), page.header.revision);
  follow();
}

void Importer::follow() {
  phase_ = Phase::following;
  said_refused_ = false;
  watch_ = std::make_shared<Watch>(weak_from_this(), generation_);
  records_.watch(options_.prefix + "/", std::exchange(read_at_, 0) + 1, watch_);
  for (const auto& [key, state] : states_) {
    const bool is_done = state.record && state.marked != 0 && state.import.revision == state.record->changed;
    if (!is_done || !state.import.why_not.empty()) queue(key);
  }
  for (const auto& [key, record] : mirrored_) note_service(key);
  if (!options_.mirrors) return;
  const rcu::ReadLock lock;
  registry_.for_each_service([&](const registry::Service& service) { note_shown(to_key(service.key())); });
}

// A record as it is now.
void Importer::note(KeyValue&& record) {
  const std::string key = record.key;
  const std::string mirrored_by = mirror_of(record.value);
  if (mirrored_by == options_.cluster) {
    if (states_.contains(key)) note_deleted(key);
    KeyValue& known = mirrored_[key];
    if (known.changed <= record.changed) known = std::move(record);
    return;
  }
  if (mirrored_.erase(key) > 0) note_service(key);
  const auto at = states_.find(key);
  if (at == states_.end()) {
    const auto place = place_of_record(options_.prefix, key, zones_);
    if (place && !*place) return;  // of a zone that is not served here
    states_[key].record = std::move(record);
    return;
  }
  ImportState& state = at->second;
  if (state.record && state.record->changed > record.changed) return;
  state.is_refreshed = state.record && state.record->value == record.value && state.import.why_not.empty() &&
                       (state.record->lease != 0) == (record.lease != 0);
  state.record = std::move(record);
}

void Importer::note_deleted(const std::string& key) {
  if (mirrored_.erase(key) > 0) return note_service(key);
  const auto at = states_.find(key);
  if (at == states_.end()) return note_service(key);
  at->second.record.reset();
  queue(key);
  note_service(key);  // our record may stand there now
}

// The service of this record is to be mirrored again.
void Importer::note_service(const std::string& key) {
  const auto place = place_of_record(options_.prefix, key, zones_);
  if (place && *place) unmirrored_.emplace((*place)->zone, (*place)->service);
}

void Importer::take(RevisionEvents&& events, Time) {
  for (KeyEvent& event : events.events) {
    const std::string key = event.now.key;
    if (event.deleted) {
      note_deleted(key);
      continue;
    }
    note(std::move(event.now));
    if (mirrored_.contains(key)) {
      note_service(key);
    } else if (states_.contains(key)) {
      queue(key);
    }
  }
}

void Importer::take(Watcher::End, Time now) { begin_again(now + k_again); }

// ---------------------------------------------------------------- records to the roll

void Importer::queue(const std::string& key) {
  if (queued_.insert(key).second) queue_.push_back(key);
}

// Registrations that stood in the way may have gone.
void Importer::look_again(Time now) {
  if (now < next_look_) return;
  next_look_ = now + k_look_at_conflicts;
  std::size_t looked = 0;
  for (const std::string& key : conflicts_) {
    if (++looked > k_conflicts_looked_at_max) break;
    if (const auto at = states_.find(key); at != states_.end()) {
      at->second.held.clear();
      queue(key);
    }
  }
}

void Importer::import() {
  Transaction transaction;
  LaneRecord record;
  std::set<std::string> used;
  std::set<std::string> zones;
  std::vector<std::string> later;
  {
    const rcu::ReadLock lock;
    while (!queue_.empty() && flight_.size() < k_imports_of_transaction_max) {
      std::string key = std::move(queue_.front());
      queue_.pop_front();
      queued_.erase(key);
      if (!add_import(key, transaction, record, used, zones)) later.push_back(std::move(key));
    }
  }
  for (const std::string& key : later) queue(key);
  if (flight_.empty()) return;
  for (const std::string& zone : zones) transaction.puts.push_back({keys_.serial(zone), bases_.value_of(zone)});
  for (const Compare& compare : transaction.compares) transaction.otherwise.push_back({compare.key, {}});
  lane_.guard(transaction, std::move(record));
  is_importing_ = true;
  roll_.commit(std::move(transaction), teller<Imported>());
}

// False: another record of this transaction is about the same key; it comes with the next.
bool Importer::add_import(const std::string& key, Transaction& transaction, LaneRecord& record,
                          std::set<std::string>& used, std::set<std::string>& zones) {
  const auto at = states_.find(key);
  if (at == states_.end()) return true;
  std::optional<ImportStep> step = plan_import(rules_, key, at->second, registry::wall_now());
  if (!step) {
    if (!at->second.held.empty() && !at->second.import.why_not.empty()) conflicts_.insert(key);
    if (!at->second.record && at->second.marked == 0) states_.erase(at);
    return true;
  }
  const auto is_used = [&](const Compare& compare) { return used.contains(compare.key); };
  if (std::ranges::any_of(step->compares, is_used)) return false;
  if (step->zone && zones.size() == k_zones_of_lane_max && !zones.contains(*step->zone)) return false;
  for (const Compare& compare : step->compares) used.insert(compare.key);
  if (step->zone) zones.insert(*step->zone);
  std::ranges::copy(step->compares, std::back_inserter(transaction.compares));
  std::ranges::move(step->puts, std::back_inserter(transaction.puts));
  std::ranges::move(step->deletes, std::back_inserter(transaction.deletes));
  std::ranges::move(step->marks, std::back_inserter(record.marks));
  flight_.emplace_back(key, std::move(*step));
  return true;
}

void Importer::take(Imported&& outcome, Time now) {
  is_importing_ = false;
  const auto flight = std::exchange(flight_, {});
  switch (outcome.outcome) {
    case CommitOutcome::applied: lane_.applied(outcome.header.revision); break;
    case CommitOutcome::differed:
      next_import_ = now + k_after_difference;
      lane_.learn(outcome.read);
      for (const auto& [key, step] : flight) learn(key, step, outcome.read);
      return;
    case CommitOutcome::refused:
      if (outcome.refusal == Refusal::no_lease) {  // of a record that goes in this moment
        next_import_ = now + k_after_lost_lease;
        for (const auto& [key, step] : flight) queue(key);
        return;
      }
      [[fallthrough]];
    case CommitOutcome::unknown: return begin_again(now + k_again);
  }
  for (const auto& [key, step] : flight) {
    ImportState& state = states_[key];
    state.marked = step.import.revision == 0 ? 0 : outcome.header.revision;
    state.import = step.import;
    state.held.clear();
    state.is_refreshed = false;
    if (step.is_conflict) {
      conflicts_.insert(key);
    } else {
      conflicts_.erase(key);
    }
    if (!state.record && state.marked == 0) states_.erase(key);
  }
}

// Something was not as it was thought: what it is has been read.
void Importer::learn(const std::string& key, const ImportStep& step, const std::vector<KeyValue>& read) {
  ImportState& state = states_[key];
  for (const Compare& compare : step.compares) {
    const auto at = std::ranges::find(read, compare.key, &KeyValue::key);
    const std::optional<KeyValue> found = at == read.end() ? std::nullopt : std::optional(*at);
    const Place place = keys_.place_of(compare.key);
    if (std::holds_alternative<InstancePlace>(place)) {
      state.held[compare.key] = found;
    } else if (std::holds_alternative<ImportPlace>(place)) {
      state.marked = found ? found->changed : 0;
      state.import = {};
      if (!found) continue;
      if (Result<StoredImport> import = read_import(found->value)) state.import = std::move(*import);
    } else if (compare.key == key) {
      state.record = found;
    }
  }
  queue(key);
}

}  // namespace rollcall::cluster
