// The roll as records for CoreDNS.
#include <utility>

#include "base/rcu.h"
#include "cluster/skydns/importer.h"
#include "cluster/skydns/record.h"

namespace rollcall::cluster {
namespace {

constexpr std::chrono::milliseconds k_mirror_again{1'000};
constexpr std::chrono::milliseconds k_after_mirror_difference{20};

}  // namespace

void Importer::mirror_services() {
  Transaction transaction;
  {
    const rcu::ReadLock lock;
    while (!unmirrored_.empty()) {
      const registry::ServiceKey service = *unmirrored_.begin();
      add_mirrored(service, transaction);
      if (transaction.compares.size() >= k_mirrored_of_transaction_max) break;  // the service may not be complete
      unmirrored_.erase(unmirrored_.begin());
    }
  }
  if (transaction.compares.empty()) return;
  mirror_flight_ = transaction;
  is_mirroring_ = true;
  records_.commit(std::move(transaction), teller<Mirrored>());
}

// What a service's records lack, up to the limit of a transaction.
void Importer::add_mirrored(const registry::ServiceKey& service, Transaction& transaction) {
  const std::string zone = zones_.name_of(service.zone);
  std::map<std::string, std::string> wanted;
  if (const registry::Service* shown = options_.mirrors ? registry_.find_service(service.ref()) : nullptr) {
    for (const registry::Instance* instance : shown->instances) {
      for (MirrorRecord& record : mirror(options_.prefix, zone, options_.cluster, *instance)) {
        wanted.emplace(std::move(record.key), std::move(record.value));
      }
    }
  }
  const auto is_full = [&] { return transaction.compares.size() >= k_mirrored_of_transaction_max; };
  const std::string path = service_path(options_.prefix, zone, service.name);
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
