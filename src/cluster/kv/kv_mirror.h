// What etcd has of the keys, brought to the tables of the rules: revision by revision, or as a whole.
//
// Shape    decodes, finds what was there before, changes the tables, and returns what has changed, for readers.
// Failure  a key that cannot be read is left out, as if it were not there; `left_out` has a sentence for it.
// Threads  the writer's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/engine.h"
#include "cluster/kv/kv_keys.h"
#include "kv/changes.h"
#include "kv/stage.h"

namespace rollcall::cluster {

class KvMirror {
 public:
  KvMirror(const KvKeys& keys, kv::Stage& stage) : keys_(keys), stage_(stage) {}

  // Indexes are counted from here.
  void set_base(std::uint64_t base) { base_ = base; }
  [[nodiscard]] std::uint64_t base() const { return base_; }

  [[nodiscard]] kv::Changes follow(const RevisionEvents& events, LeaseTime now);
  // All keys as they were at `revision`. What is not among them is gone.
  [[nodiscard]] kv::Changes take_all(const std::vector<KeyValue>& keys, Revision revision, LeaseTime now);

  // As it was followed last.
  [[nodiscard]] Revision last() const { return last_; }
  [[nodiscard]] const std::string& last_value() const { return last_value_; }
  // The batch that a node has made last; empty: none.
  [[nodiscard]] std::string done_by(const std::string& node) const;
  // Batches whose lock delays are over.
  [[nodiscard]] std::vector<std::string> old_delays(LeaseTime now, std::size_t at_most) const;

  [[nodiscard]] std::vector<std::string> take_left_out() { return std::exchange(left_out_, {}); }

 private:
  void put(const KeyValue& stored, kv::Changes& into, LeaseTime now);
  void remove(const std::string& key, kv::Index index, kv::Changes& into, LeaseTime now);
  template <class T>
  void replace(const std::shared_ptr<const T>& before, const std::shared_ptr<const T>& after, kv::Index index,
               kv::Changes& into, LeaseTime now);
  void leave_out(const std::string& key, const Error& why);

  const KvKeys& keys_;
  kv::Stage& stage_;
  std::uint64_t base_ = 0;
  Revision last_ = 0;
  std::string last_value_;
  std::map<std::string, std::string> done_;  // by node
  std::map<std::string, LeaseTime> delays_;  // by batch, until when
  std::vector<std::string> left_out_;
};

}  // namespace rollcall::cluster
