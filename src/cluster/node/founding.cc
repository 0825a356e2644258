#include "cluster/node/founding.h"

#include <algorithm>
#include <fmt/format.h>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "base/ascii_case.h"
#include "cluster/roll/lanes.h"

namespace rollcall::cluster {
namespace {

constexpr std::size_t k_puts = 100;  // in one transaction
constexpr std::int64_t k_founding_page = 10'000;

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

namespace {

constexpr std::string_view k_overtaken =
    "the cluster exists already, or another node makes it just now: start without --promote";

// One attempt to make a cluster.
class Foundation {
 public:
  Foundation(Engine& engine, const Keys& keys) : engine_(engine), keys_(keys) {}

  Result<void> claim(std::chrono::milliseconds patience);
  Result<void> put(std::string key, std::string value);
  Result<void> finish(const StoredFormat& format);

 private:
  Result<KeyValue> read_claim();
  Result<void> clear(Revision from);
  Result<void> clear(const std::string& prefix, Revision from);
  Result<void> send();

  Engine& engine_;
  const Keys& keys_;
  const std::string id_ = random_id();
  Revision claimed_ = 0;  // the claim's last change
  Transaction transaction_;
  std::size_t octets_ = 0;
};

Result<KeyValue> Foundation::read_claim() {
  const auto read = wait_for<Snapshot>(
      [&](std::function<void(Snapshot)> done) { engine_.read({.range = {keys_.founding(), {}}}, std::move(done)); });
  if (!read || !read->ok()) return failure(Errc::start_up, std::string(k_no_answer));
  return read->keys.empty() ? KeyValue{} : read->keys.front();
}

Result<void> Foundation::claim(std::chrono::milliseconds patience) {
  const Result<KeyValue> other = read_claim();
  if (!other) return std::unexpected(other.error());
  if (other->changed != 0) {
    std::this_thread::sleep_for(patience);
    const Result<KeyValue> again = read_claim();
    if (!again) return std::unexpected(again.error());
    if (again->changed != other->changed) return failure(Errc::start_up, std::string(k_overtaken));
  }
  claimed_ = other->changed;
  if (Result<void> sent = send(); !sent) return sent;
  return other->changed == 0 ? Result<void>() : clear(other->created);
}

// What the attempt before has put.
Result<void> Foundation::clear(Revision from) {
  for (const std::string& prefix : {keys_.roll(), keys_.serials()}) {
    if (Result<void> cleared = clear(prefix, from); !cleared) return cleared;
  }
  return {};
}

Result<void> Foundation::clear(const std::string& prefix, Revision from) {
  Reading reading{.range = range_of_prefix(prefix), .keys_max = k_founding_page};
  for (bool more = true; more;) {
    const auto page =
        wait_for<Snapshot>([&](std::function<void(Snapshot)> done) { engine_.read(reading, std::move(done)); });
    if (!page || !page->ok()) return failure(Errc::start_up, std::string(k_no_answer));
    for (const KeyValue& value : page->keys) {
      if (value.created < from) continue;
      transaction_.deletes.push_back(value.key);
      if (transaction_.deletes.size() < k_puts) continue;
      if (Result<void> sent = send(); !sent) return sent;
    }
    more = page->more && !page->keys.empty();
    if (more) reading.range.begin = page->keys.back().key + '\0';
  }
  return transaction_.deletes.empty() ? Result<void>() : send();
}

Result<void> Foundation::put(std::string key, std::string value) {
  if (octets_ + value.size() > k_founding_octets_max && !transaction_.puts.empty()) {
    if (Result<void> sent = send(); !sent) return sent;
  }
  octets_ += value.size();
  transaction_.puts.push_back({std::move(key), std::move(value)});
  return transaction_.puts.size() < k_puts ? Result<void>() : send();
}

Result<void> Foundation::send() {
  transaction_.compares.push_back({keys_.format(), Compare::Target::create_revision, 0});
  transaction_.compares.push_back({keys_.founding(), Compare::Target::mod_revision, claimed_});
  transaction_.puts.push_back({keys_.founding(), id_});
  octets_ = 0;
  const Result<Committed> committed = commit(engine_, std::exchange(transaction_, {}));
  if (!committed) return std::unexpected(committed.error());
  if (committed->outcome == CommitOutcome::differed) return failure(Errc::start_up, std::string(k_overtaken));
  claimed_ = committed->header.revision;
  return {};
}

// The format comes last: a cluster is there when it is there.
Result<void> Foundation::finish(const StoredFormat& format) {
  if (!transaction_.puts.empty()) {
    if (Result<void> sent = send(); !sent) return sent;
  }
  const Result<Committed> committed = commit(engine_, {{{keys_.format(), Compare::Target::create_revision, 0},
                                                        {keys_.founding(), Compare::Target::mod_revision, claimed_}},
                                                       {{keys_.format(), write_format(format)}},
                                                       {keys_.founding()},
                                                       {}});
  if (!committed) return std::unexpected(committed.error());
  if (committed->outcome == CommitOutcome::differed) return failure(Errc::start_up, std::string(k_overtaken));
  return {};
}

}  // namespace

Result<void> found_cluster(Engine& engine, const Keys& keys, const registry::ZoneDirectory& zones,
                           const Founding& founding) {
  Foundation foundation(engine, keys);
  if (Result<void> claimed = foundation.claim(founding.patience); !claimed) return claimed;
  for (const registry::InstanceRecord& record : founding.instances) {
    const registry::InstanceKey& key = record.registration.key;
    std::string name =
        keys.instance(zones.name_of(key.service.zone), key.service.name, to_lower(registry::label_of(key.id)));
    if (Result<void> done = foundation.put(std::move(name), write_instance(record, {})); !done) return done;
  }
  for (const auto& [zone, base] : founding.serials) {
    if (Result<void> done = foundation.put(keys.serial(zones.name_of(zone)), std::to_string(base)); !done) return done;
  }
  return foundation.finish({.version = 1, .base = founding.base, .incarnation = random_id()});
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
