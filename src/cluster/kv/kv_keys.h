// The keys in etcd of what Consul's clients keep in a cluster: keys, sessions, prepared queries.
//
// Shape    below `/rollcall/<cluster>.kv/`, beside the roll, so that who follows the roll reads nothing of it:
//            key/<key>         a line of JSON (flags, session, lock index), then the value as it is
//            session/<id>      JSON; never changes
//            renewed/<id>      put by a heartbeat of the session
//            query/<id>        the definition
//            delay/<batch>     the locks that nobody takes for a while, by key, in milliseconds
//            done/<node>       the last batch of this node: tells whether one whose outcome was unknown has been made
//            last              put and compared by every batch of every node: so batches follow each other, and none is late
// Source   docs/cluster.md.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace rollcall::cluster {

class KvKeys {
 public:
  explicit KvKeys(std::string_view cluster) : prefix_("/rollcall/" + std::string(cluster) + ".kv/") {}

  [[nodiscard]] const std::string& all() const { return prefix_; }
  [[nodiscard]] std::string entry(std::string_view key) const { return below("key/", key); }
  [[nodiscard]] std::string session(std::string_view id) const { return below("session/", id); }
  [[nodiscard]] std::string renewed(std::string_view id) const { return below("renewed/", id); }
  [[nodiscard]] std::string query(std::string_view id) const { return below("query/", id); }
  [[nodiscard]] std::string delay(std::string_view batch) const { return below("delay/", batch); }
  [[nodiscard]] std::string done(std::string_view node) const { return below("done/", node); }
  [[nodiscard]] std::string last() const { return prefix_ + "last"; }

  enum class Kind { foreign, entry, session, renewed, query, delay, done, last };
  // What a key stands for, and the name behind it, borrowed from the key.
  [[nodiscard]] std::pair<Kind, std::string_view> place_of(std::string_view key) const;

 private:
  [[nodiscard]] std::string below(std::string_view kind, std::string_view name) const {
    return prefix_ + std::string(kind) + std::string(name);
  }

  std::string prefix_;
};

}  // namespace rollcall::cluster
