// Makes changes of the roll from what etcd tells: whole revisions of the watch, and the pages of a full read.
//
// Shape    one revision gives one FollowedRevision: what the registry follows, what liveness applies, and what else the keys
//          say. The pages of a full read give one FollowedSnapshot.
// Owner    borrows the keys, the zones and the table of known instances, which it keeps up to date.
// Threads  one at a time: the engine's.
// Failure  a value that breaks a rule takes its instance off the roll; its sentence is kept until the key is put right or
//          deleted. Keys of zones that are not served here are counted and left alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "cluster/keys.h"
#include "cluster/roll/instance_ids.h"
#include "cluster/roll/known_instances.h"
#include "cluster/roll/values.h"
#include "cluster/roll_changes.h"
#include "registry/instance/registration.h"
#include "registry/ports/durable_change.h"
#include "registry/ports/ports.h"

namespace rollcall::cluster {

inline constexpr std::string_view k_unknown_author = "etcd";  // of changes that no node has made

// The count of a zone's changes, from its serial/ key.
struct ZoneCount {
  registry::ZoneId zone{};
  std::uint32_t count = 0;  // to add to the serial of the zone's file (RFC 1982)
  std::uint32_t base = 0;   // the part of it that is in the key's value; the rest is its version
};

struct ServiceSeen {
  registry::ServiceKey key;
  Revision changed = 0;
  std::optional<StoredService> stored;  // empty: its key is deleted
};

struct NodeValueSeen {
  std::string name;
  std::optional<StoredNode> value;  // empty: gone
};

// The newest transaction of a lane: what a reconnecting node compares histories by.
struct LaneSeen {
  std::string key;
  std::string id;
};

struct FollowedRevision {
  Revision revision = 0;
  registry::ChangeIndex index = 0;  // of the revision
  std::vector<registry::DurableChange> changes;
  RollRevision liveness;
  std::vector<ZoneCount> counts;
  std::vector<registry::ZoneId> uncounted;  // zones with changes and without a put of their serial/ key
  std::vector<ServiceSeen> services;
  std::vector<NodeValueSeen> nodes;
  std::vector<std::pair<std::string, StoredRegistration>> registered;
  std::optional<LaneSeen> lane;
  bool format_changed = false;
};

struct FollowedSnapshot {
  Revision revision = 0;
  registry::ChangeIndex index = 0;  // of the revision
  std::string history;              // its incarnation
  bool is_other_history = false;    // not that of what was brought before
  struct Present {
    registry::InstanceKey key;
    Revision changed = 0;
    registry::ChangeIndex index = 0;
    registry::DurableChange::Present value;
    std::string by;
  };
  std::vector<Present> instances;  // by `changed`
  RollSnapshot liveness;
  std::vector<ZoneCount> counts;
  std::vector<ServiceSeen> services;
  std::vector<NodeValueSeen> nodes;
  std::vector<std::pair<std::string, StoredRegistration>> registered;
  std::optional<LaneSeen> lane;
};

class RollDecoder {
 public:
  // `base`: index = base + revision.
  RollDecoder(const Keys& keys, const StoredFormat& format, const registry::ZoneDirectory& zones,
              registry::LeaseBounds bounds, KnownInstances& known);

  [[nodiscard]] FollowedRevision decode(const RevisionEvents& events);

  void begin_snapshot();
  void add_page(std::vector<KeyValue>&& page);
  [[nodiscard]] FollowedSnapshot end_snapshot(Revision revision);

  [[nodiscard]] registry::ChangeIndex index_of(Revision revision) const {
    return format_.base + static_cast<registry::ChangeIndex>(revision);
  }
  [[nodiscard]] const StoredFormat& format() const { return format_; }
  [[nodiscard]] const InstanceIds& ids() const { return ids_; }
  // Sentences for keys that are not on the roll because their values break a rule, at most `max`, and how many there are.
  [[nodiscard]] std::pair<std::vector<std::string>, std::size_t> ignored(std::size_t max) const;

 private:
  struct Found {
    registry::ZoneId zone;
    InstanceId id;
  };
  [[nodiscard]] std::optional<Found> find(const InstancePlace& place) const;
  [[nodiscard]] std::optional<StoredInstance> read(const KeyValue& value, const InstancePlace& place,
                                                   const Found& found);
  void ignore(const std::string& key, std::string sentence);
  void heed(const std::string& key);
  [[nodiscard]] static InstanceSeen seen_of(const InstanceId& id, const StoredInstance& stored, const KeyValue& value);
  // The index of the version that is shown, where the key was put again for its lease alone; 0: it was not.
  [[nodiscard]] registry::ChangeIndex shown_since(const StoredInstance& stored, const KeyValue& value) const;
  [[nodiscard]] KnownInstance known_of(const StoredInstance& stored, const KeyValue& value) const;
  // `number`: of the last event of this revision.
  void put(const KeyEvent& event, const InstancePlace& place, const LaneRecord* lane, std::uint32_t& number,
           FollowedRevision& followed);
  void remove(const KeyEvent& event, const InstancePlace& place, const LaneRecord* lane, std::uint32_t& number,
              FollowedRevision& followed);
  void note_other(const KeyEvent& event, const Place& place, FollowedRevision& followed);
  [[nodiscard]] std::optional<ZoneCount> count_of(const KeyValue& value, const SerialPlace& place) const;
  [[nodiscard]] static NodeSeen node_of(const KeyValue& value, const SessionPlace& place, const StoredNode& stored);

  const Keys& keys_;
  const StoredFormat format_;
  const registry::ZoneDirectory& zones_;
  const registry::LeaseBounds bounds_;
  const InstanceIds ids_;
  KnownInstances& known_;
  Guarded<std::map<std::string, std::string>> ignored_;  // key, sentence; any thread reads
  FollowedSnapshot snapshot_;
  KnownInstances::Map snapshot_known_;
  Revision newest_lane_ = 0;
};

}  // namespace rollcall::cluster
