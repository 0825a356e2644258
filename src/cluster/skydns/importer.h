// Keeps the roll and the SkyDNS records below a prefix in step: of all members, one does it.
//
//   records ──► what is known of each ──► plan_import ──► a transaction: roll/ and imported keys ──► every node follows
//   the roll, as it is shown ──► mirror ──► a transaction: records for CoreDNS (where that is asked for)
//
// Shape    while it is active it reads all records and imported keys, watches the records, and works off what differs. It
//          keeps nothing over the end of its activity: the next member begins from what etcd has.
// Owner    the Node. Borrows the engines, which are destroyed first, and the parts of the roll.
// Threads  `tick` the node's, inside an rcu thread; `shown` any. What the engines bring waits for the next tick.
// Failure  what fails is read and tried again a second later.
// Limits   k_imports_of_transaction_max records, k_mirrored_of_transaction_max mirrored ones a transaction; one of each in
//          flight.
// Source   skydns/import_plan.h, skydns/record.h; docs/etcd.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cluster/engine.h"
#include "cluster/keys.h"
#include "cluster/roll/lanes.h"
#include "cluster/skydns/import_plan.h"
#include "registry/registry.h"

namespace rollcall::cluster {

inline constexpr std::uint32_t k_import_lane = k_lanes + k_end_lanes;
inline constexpr std::size_t k_imports_of_transaction_max = 25;  // four compares and as many readings each
inline constexpr std::size_t k_mirrored_of_transaction_max = 60;

class Importer final : public std::enable_shared_from_this<Importer> {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Options {
    std::string prefix;  // no slash at its end
    std::string cluster;
    std::string node;
    registry::LeaseBounds bounds;
    bool mirrors = false;
  };
  // `records`: the store that has them; it may be `roll`, that of the cluster.
  Importer(Engine& roll, Engine& records, const Keys& keys, const registry::ZoneDirectory& zones,
           const ZoneBases& bases, const registry::Registry& registry, Options options);

  void tick(bool is_active, Time now);
  void shown(const registry::ServiceKey& service);  // the service has changed on the roll

 private:
  using LabelKey = std::pair<registry::ZoneId, std::string>;  // the label of a service, as it stands in a record's key
  enum class Phase : std::uint8_t { idle, reading, following };
  struct Records : Snapshot {};
  struct Marks : Snapshot {};
  struct Imported : Committed {};
  struct Mirrored : Committed {};
  using News = std::variant<Records, Marks, RevisionEvents, Watcher::End, Imported, Mirrored>;
  struct Watch;

  void tell(std::uint64_t generation, News news);
  // For an engine to call back with: the outcome comes as news of this generation.
  template <class T>
  auto teller() {
    return [weak = weak_from_this(), generation = generation_](auto outcome) {
      if (const auto self = weak.lock()) self->tell(generation, T{std::move(outcome)});
    };
  }
  void begin_again(Time at);
  void read_records(std::string from, Revision at);
  void read_marks(std::string from, Revision at);
  void take(Records&& page, Time now);
  void take(Marks&& page, Time now);
  void take(RevisionEvents&& events, Time now);
  void take(Watcher::End why, Time now);
  void take(Imported&& outcome, Time now);
  void take(Mirrored&& outcome, Time now);
  void note(KeyValue&& record);
  void note_deleted(const std::string& key);
  void note_service(const std::string& key);
  void follow();
  void queue(const std::string& key);
  void look_again(Time now);
  void import();
  [[nodiscard]] bool add_import(const std::string& key, Transaction& transaction, LaneRecord& record,
                                std::set<std::string>& used, std::set<std::string>& zones);
  void learn(const std::string& key, const ImportStep& step, const std::vector<KeyValue>& read);
  void note_shown(const registry::ServiceKey& service);
  void mirror_services();
  void add_mirrored(const LabelKey& place, Transaction& transaction);
  [[nodiscard]] std::map<std::string, std::string> wanted_at(const LabelKey& place, const std::string& path) const;

  Engine& roll_;
  Engine& records_;
  const Keys& keys_;
  const registry::ZoneDirectory& zones_;
  const ZoneBases& bases_;
  const registry::Registry& registry_;
  const Options options_;
  const ImportRules rules_;

  std::mutex mutex_;  // of what follows
  std::vector<std::pair<std::uint64_t, News>> inbox_;
  std::vector<registry::ServiceKey> shown_;

  // The node's thread.
  Phase phase_ = Phase::idle;
  std::uint64_t generation_ = 0;
  Time again_at_{};
  Time next_import_{};
  Time next_mirror_{};
  Time next_look_{};
  std::shared_ptr<Watch> watch_;
  Revision read_at_ = 0;
  std::map<std::string, ImportState> states_;  // by the record's key
  std::deque<std::string> queue_;
  std::set<std::string> queued_;
  std::set<std::string> conflicts_;
  Lane lane_;
  std::vector<std::pair<std::string, ImportStep>> flight_;
  bool is_importing_ = false;
  bool said_refused_ = false;

  std::map<std::string, KeyValue> mirrored_;  // our records, as they are in etcd
  std::set<LabelKey> unmirrored_;
  std::map<LabelKey, std::string> names_;         // of services with other names than their labels
  std::set<registry::ServiceKey> without_label_;  // of which it was said that they are not mirrored
  Transaction mirror_flight_;
  bool is_mirroring_ = false;
};

}  // namespace rollcall::cluster
