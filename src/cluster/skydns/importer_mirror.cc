// The roll as records for CoreDNS.
#include <utility>

#include "base/log.h"
#include "base/rcu.h"
#include "cluster/skydns/importer.h"
#include "cluster/skydns/record.h"

namespace rollcall::cluster {
namespace {

constexpr std::chrono::milliseconds k_mirror_again{1'000};
constexpr std::chrono::milliseconds k_after_mirror_difference{20};
constexpr std::size_t k_without_label_said_max = 1'000;

}  // namespace

// A service has changed on the roll, or is there.
void Importer::note_shown(const registry::ServiceKey& service) {
  std::string label = mirror_label(service.ref(), zones_);
  if (label.empty()) {
    if (without_label_.size() < k_without_label_said_max && without_label_.insert(service).second) {
      log::warn("service {} has no records below {}: CoreDNS cannot be asked for its name", service.name,
                options_.prefix);
    }
    return;
  }
  LabelKey place{service.zone, std::move(label)};
  if (place.second != service.name) names_.insert_or_assign(place, service.name);
  unmirrored_.insert(std::move(place));
}

void Importer::mirror_services() {
  Transaction transaction;
  {
    const rcu::ReadLock lock;
    while (!unmirrored_.empty()) {
      const LabelKey place = *unmirrored_.begin();
      add_mirrored(place, transaction);
      if (transaction.compares.size() >= k_mirrored_of_transaction_max) break;  // the service may not be complete
      unmirrored_.erase(unmirrored_.begin());
    }
  }
  if (transaction.compares.empty()) return;
  mirror_flight_ = transaction;
  is_mirroring_ = true;
  records_.commit(std::move(transaction), teller<Mirrored>());
}

// The records that have to be below this label: none where no service has it, as below a name that is not mirrored.
std::map<std::string, std::string> Importer::wanted_at(const LabelKey& place, const std::string& path) const {
  std::map<std::string, std::string> wanted;
  const auto named = names_.find(place);
  const std::string& name = named == names_.end() ? place.second : named->second;
  const registry::ServiceRef service{place.first, name};
  if (!options_.mirrors || mirror_label(service, zones_) != place.second) return wanted;
  const registry::Service* const shown = registry_.find_service(service);
  if (shown == nullptr) return wanted;
  for (const registry::Instance* instance : shown->instances) {
    for (MirrorRecord& record : mirror(path, options_.cluster, *instance)) {
      wanted.emplace(std::move(record.key), std::move(record.value));
    }
  }
  return wanted;
}

// What a service's records lack, up to the limit of a transaction.
void Importer::add_mirrored(const LabelKey& place, Transaction& transaction) {
  const std::string path = service_path(options_.prefix, zones_.name_of(place.first), place.second);
  std::map<std::string, std::string> wanted = wanted_at(place, path);
  const auto is_full = [&] { return transaction.compares.size() >= k_mirrored_of_transaction_max; };
  for (auto at = mirrored_.lower_bound(path); at != mirrored_.end() && at->first.starts_with(path); ++at) {
    if (is_full()) return;
    if (wanted.contains(at->first)) continue;
    transaction.compares.push_back({at->first, Compare::Target::mod_revision, at->second.changed});
    transaction.deletes.push_back(at->first);
  }
  for (auto& [key, value] : wanted) {
    if (is_full()) return;
    const auto at = mirrored_.find(key);
    if (at != mirrored_.end() && at->second.value == value) continue;
    const auto other = states_.find(key);
    if (other != states_.end() && other->second.record) continue;  // another program's
    transaction.compares.push_back(
        {key, Compare::Target::mod_revision, at == mirrored_.end() ? 0 : at->second.changed});
    transaction.puts.push_back({key, std::move(value)});
  }
}

void Importer::take(Mirrored&& outcome, Time now) {
  is_mirroring_ = false;
  const Transaction flight = std::exchange(mirror_flight_, {});
  if (outcome.outcome != CommitOutcome::applied) {
    // The watch brings what is there, or all is read again.
    if (outcome.outcome != CommitOutcome::differed) return begin_again(now + k_mirror_again);
    next_mirror_ = now + k_after_mirror_difference;
    for (const Compare& compare : flight.compares) note_service(compare.key);
    return;
  }
  for (const std::string& key : flight.deletes) mirrored_.erase(key);
  for (const Put& put : flight.puts) {
    mirrored_.insert_or_assign(put.key,
                               KeyValue{.key = put.key, .value = put.value, .changed = outcome.header.revision});
  }
}

}  // namespace rollcall::cluster
