#include "cluster/kv/kv_plan.h"

#include <map>
#include <utility>
#include <variant>

#include "cluster/kv/kv_values.h"
#include "json/writer.h"

namespace rollcall::cluster {
namespace {

constexpr std::size_t k_key_overhead = 192;  // of a key in etcd's message: its path, and what frames it

// By the key in etcd; empty: it is deleted.
using Final = std::map<std::string, std::optional<std::string>>;

class Collector {
 public:
  Collector(const KvKeys& keys, Final& into, std::vector<kv::LockDelay>& delays)
      : keys_(keys), into_(into), delays_(delays) {}

  void operator()(const kv::Replaced<kv::Entry>& change) const {
    into_[keys_.entry(change.either().key)] = change.after ? std::optional(write_entry(*change.after)) : std::nullopt;
  }
  void operator()(const kv::Replaced<kv::Session>& change) const {
    const std::string& id = change.either().id;
    into_[keys_.session(id)] = change.after ? std::optional(write_session(*change.after)) : std::nullopt;
    if (!change.after) into_[keys_.renewed(id)] = std::nullopt;
  }
  void operator()(const kv::Replaced<kv::Query>& change) const {
    into_[keys_.query(change.either().id)] = change.after ? std::optional(change.after->definition) : std::nullopt;
  }
  void operator()(const kv::LockDelay& delay) const {
    if (delay.lasts > delay.lasts.zero()) delays_.push_back(delay);
  }
  void operator()(const kv::Renewed& renewed) const { into_[keys_.renewed(renewed.session)] = "{}"; }

 private:
  const KvKeys& keys_;
  Final& into_;
  std::vector<kv::LockDelay>& delays_;
};

}  // namespace

PlanCost cost_of(const kv::Change& change) {
  struct Cost {
    PlanCost operator()(const kv::Replaced<kv::Entry>& entry) const {
      return {1, k_key_overhead + entry.either().key.size() + (entry.after ? entry.after->value.size() : 0)};
    }
    PlanCost operator()(const kv::Replaced<kv::Session>& session) const {
      return {session.after ? std::size_t{1} : std::size_t{2}, 2 * k_key_overhead + kv::bytes_of(session.either())};
    }
    PlanCost operator()(const kv::Replaced<kv::Query>& query) const {
      return {1, k_key_overhead + query.either().definition.size()};
    }
    PlanCost operator()(const kv::LockDelay& delay) const { return {0, 16 + delay.key.size()}; }
    PlanCost operator()(const kv::Renewed&) const { return {1, k_key_overhead}; }
  };
  return std::visit(Cost{}, change);
}

Transaction plan_batch(const PlanTarget& target, const kv::Changes& changes) {
  Final final;
  std::vector<kv::LockDelay> delays;
  const Collector collector(target.keys, final, delays);
  for (const kv::Change& change : changes.list) std::visit(collector, change);
  if (!delays.empty()) final[target.keys.delay(target.batch)] = write_delays(delays);
  for (const std::string& over : target.old_delays) final[target.keys.delay(over)] = std::nullopt;

  Transaction transaction;
  const std::string last = target.keys.last();
  const std::string done = target.keys.done(target.node);
  transaction.compares.push_back({last, Compare::Target::mod_revision, target.last});
  json::Writer told;
  told.open_object().member("batch", target.batch).member("node", target.node).close_object();
  transaction.puts.push_back({last, told.take()});
  transaction.puts.push_back({done, target.batch});
  for (auto& [key, value] : final) {
    if (value) {
      transaction.puts.push_back({key, std::move(*value)});
    } else {
      transaction.deletes.push_back(key);
    }
  }
  transaction.otherwise = {{last, {}}, {done, {}}};
  return transaction;
}

}  // namespace rollcall::cluster
