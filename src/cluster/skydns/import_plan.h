// What one member does so that records of other programs are on the roll of all nodes. Pure.
//
// Shape    a record becomes a registration below roll/, which all nodes follow as any other, and an `imported` key that says
//          which revision of the record that is, or why it is none. The transaction compares the record, the imported key
//          and the registration as they were seen: whoever comes late changes nothing, and two members do no harm.
//
//            record put            roll/ put, with the record's own lease of etcd; imported put
//            record deleted        roll/ deleted, imported deleted; where an etcd lease has ended, roll/ has gone with it
//            lease by ttl over     roll/ deleted as any other; record and imported stay, so that it does not come back
//                                  before it is put again
//            roll/ is not its own  (registered over HTTP, or from another record): left alone, imported says why
//
// Source   docs/etcd.md; docs/architecture.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/engine.h"
#include "cluster/keys.h"
#include "cluster/roll/values.h"
#include "registry/instance/wall_time.h"
#include "registry/ports/ports.h"

namespace rollcall::cluster {

// A registration's key as it was read; `value` empty: it is not there.
using HeldKeys = std::map<std::string, std::optional<KeyValue>>;

// What is known of one record.
struct ImportState {
  std::optional<KeyValue> record;  // empty: it is deleted
  Revision marked = 0;             // of its imported key; 0: it has none
  StoredImport import = {};        // what that says
  HeldKeys held = {};              // registrations that were read since; others are as `import` has left them
  bool is_refreshed = false;       // put again with the same value
};

struct ImportStep {
  std::vector<Compare> compares = {};
  std::vector<Put> puts = {};
  std::vector<std::string> deletes = {};
  std::vector<LaneRecord::Mark> marks = {};
  bool is_conflict = false;              // somebody else's registration is in the way: to be looked at again
  std::optional<std::string> zone = {};  // whose count moves
  StoredImport import = {};              // afterwards; revision 0: none
};

struct ImportRules {
  const Keys& keys;
  const std::string& prefix;  // of the records
  const registry::ZoneDirectory& zones;
  registry::LeaseBounds bounds;
  bool is_one_store = true;  // the records are in the etcd that has the roll
};

// Empty: nothing is to be done. Inside an rcu::ReadLock.
[[nodiscard]] std::optional<ImportStep> plan_import(const ImportRules& rules, const std::string& key,
                                                    const ImportState& state, registry::WallTime now);

}  // namespace rollcall::cluster
