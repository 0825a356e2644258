#include "cluster/node/founding.h"

#include <algorithm>
#include <fmt/format.h>
#include <future>
#include <memory>

#include "base/ascii_case.h"
#include "cluster/roll/lanes.h"

namespace rollcall::cluster {
namespace {

constexpr std::size_t k_puts = 100;  // in one transaction

constexpr std::string_view k_no_answer =
    "etcd does not answer: check [cluster] etcd, and that a majority of its members runs";

// An answer that comes after nobody waits any more goes nowhere.
template <class T, class Ask>
std::optional<T> wait_for(Ask ask) {
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> answer = promise->get_future();
  ask([promise](T value) { promise->set_value(std::move(value)); });
  if (answer.wait_for(k_founding_deadline) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

Result<Committed> commit(Engine& engine, const Transaction& transaction) {
  const auto committed =
      wait_for<Committed>([&](std::function<void(Committed)> done) { engine.commit(transaction, std::move(done)); });
  if (!committed || committed->outcome == CommitOutcome::unknown) {
    return failure(Errc::start_up, std::string(k_no_answer));
  }
  if (committed->outcome == CommitOutcome::refused) {
    return failure(Errc::start_up, committed->refusal == Refusal::no_space
                                       ? "etcd is out of space: compact and defragment it, then disarm its alarm"
                                       : "etcd refuses the cluster's keys: check the rights of [cluster] user");
  }
  return *committed;
}

Result<KeyValue> read_format_key(Engine& engine, const Keys& keys) {
  const auto read = wait_for<Snapshot>(
      [&](std::function<void(Snapshot)> done) { engine.read({.range = {keys.format(), {}}}, std::move(done)); });
  if (!read || read->outcome == ReadOutcome::no_answer) return failure(Errc::unreachable, std::string(k_no_answer));
  if (!read->ok()) return failure(Errc::start_up, "etcd refuses to be read: check the rights of [cluster] user");
  return read->keys.empty() ? KeyValue{} : read->keys.front();
}

}  // namespace

Result<std::optional<StoredFormat>> find_cluster(Engine& engine, const Keys& keys) {
  const Result<KeyValue> found = read_format_key(engine, keys);
  if (!found) return std::unexpected(found.error());
  if (found->key.empty()) return std::optional<StoredFormat>();
  Result<StoredFormat> format = read_format(found->value);
  if (!format) {
    return failure(Errc::start_up, fmt::format("{} in etcd cannot be read: {}", found->key, format.error().message));
  }
  return std::optional(std::move(*format));
}

// The format comes last: a cluster is there when it is there.
Result<void> found_cluster(Engine& engine, const Keys& keys, const registry::ZoneDirectory& zones,
                           const Founding& founding) {
  Transaction transaction;
  const auto send = [&]() -> Result<void> {
    if (transaction.puts.empty()) return {};
    transaction.compares.push_back({keys.format(), Compare::Target::create_revision, 0});
    const Result<Committed> committed = commit(engine, transaction);
    transaction = {};
    if (!committed) return std::unexpected(committed.error());
    if (committed->outcome == CommitOutcome::differed) {
      return failure(Errc::start_up, "the cluster exists already: start without --promote");
    }
    return {};
  };
  const auto put = [&](std::string key, std::string value) -> Result<void> {
    transaction.puts.push_back({std::move(key), std::move(value)});
    return transaction.puts.size() < k_puts ? Result<void>() : send();
  };
  for (const registry::InstanceRecord& record : founding.instances) {
    const registry::InstanceKey& key = record.registration.key;
    std::string name =
        keys.instance(zones.name_of(key.service.zone), key.service.name, to_lower(registry::label_of(key.id)));
    if (Result<void> done = put(std::move(name), write_instance(record, {})); !done) return done;
  }
  for (const auto& [zone, base] : founding.serials) {
    if (Result<void> done = put(keys.serial(zones.name_of(zone)), std::to_string(base)); !done) return done;
  }
  if (Result<void> done = send(); !done) return done;
  transaction.puts.push_back(
      {keys.format(), write_format({.version = 1, .base = founding.base, .incarnation = random_id()})});
  return send();
}

Result<void> renew_history(Engine& engine, const Keys& keys, std::uint64_t index) {
  const Result<KeyValue> found = read_format_key(engine, keys);
  if (!found) return failure(Errc::start_up, found.error().message);
  if (found->key.empty()) return failure(Errc::start_up, "etcd has no cluster of this name: nothing was restored");
  const Result<StoredFormat> format = read_format(found->value);
  if (!format) return failure(Errc::start_up, format.error().message);
  Transaction transaction;
  transaction.compares.push_back({keys.format(), Compare::Target::mod_revision, found->changed});
  transaction.puts.push_back(
      {keys.format(), write_format({.version = 1, .base = std::max(format->base, index), .incarnation = random_id()})});
  const Result<Committed> committed = commit(engine, transaction);
  if (!committed) return std::unexpected(committed.error());
  if (committed->outcome == CommitOutcome::differed) {
    return failure(Errc::start_up,
                   "another node has renewed the history of this cluster just now: start without --restored");
  }
  return {};
}

}  // namespace rollcall::cluster
