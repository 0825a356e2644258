#include "cluster/guarded.h"

#include "base/check.h"

namespace rollcall::cluster {
namespace {

Compare is_created_at(const std::string& key, Revision revision) {
  return {key, Compare::Target::create_revision, revision};
}
Compare is_changed_at(const std::string& key, Revision revision) {
  return {key, Compare::Target::mod_revision, revision};
}

}  // namespace

Transaction create_session(const NodeKeys& keys, std::string value) {
  return {{is_created_at(keys.node, 0)}, {{keys.node, std::move(value), true}}, {}, {{keys.node, {}}}};
}

Transaction prove(const NodeKeys& keys, Revision session) {
  return {{is_created_at(keys.node, session)}, {}, {keys.nothing}, {}};
}

Transaction publish(const NodeKeys& keys, Revision session, Revision changed, std::string value) {
  return {{is_created_at(keys.node, session), is_changed_at(keys.node, changed)},
          {{keys.node, std::move(value), true}},
          {},
          {}};
}

Transaction join(const NodeKeys& keys, Revision session, Revision members, std::string value, std::string nodes) {
  return {{is_created_at(keys.node, session), is_changed_at(keys.members, members)},
          {{keys.node, std::move(value), true}, {keys.nodes, std::move(nodes)}, {keys.members, keys.node}},
          {},
          {}};
}

Transaction leave(const NodeKeys& keys, Revision session, Revision members, std::string nodes) {
  return {{is_created_at(keys.node, session), is_changed_at(keys.members, members)},
          {{keys.nodes, std::move(nodes)}, {keys.members, keys.node}},
          {keys.node},
          {}};
}

Transaction end(const NodeKeys& keys, Revision session, Revision members, std::span<const GuardedEnd> ends,
                bool fence) {
  check(ends.size() <= k_ends_of_transaction_max, "a transaction stays within etcd's limits");
  Transaction transaction;
  transaction.compares.push_back(is_created_at(keys.node, session));
  if (fence) transaction.compares.push_back(is_changed_at(keys.members, members));
  for (const GuardedEnd& due : ends) {
    transaction.compares.push_back(is_changed_at(due.key, due.revision));
    if (due.value) {
      transaction.puts.push_back({due.key, *due.value});
    } else {
      transaction.deletes.push_back(due.key);
    }
    transaction.otherwise.push_back({due.key, {}});
  }
  return transaction;
}

Transaction put_again(std::string key, Revision revision, std::string value) {
  return {{is_changed_at(key, revision)}, {{key, std::move(value)}}, {}, {{key, {}}}};
}

}  // namespace rollcall::cluster
