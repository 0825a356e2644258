#include "cluster/kv/kv_mirror.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "cluster/kv/kv_values.h"

namespace rollcall::cluster {
namespace {

constexpr std::size_t k_left_out_max = 16;  // sentences that wait to be told

}  // namespace

template <class T>
void KvMirror::replace(const std::shared_ptr<const T>& before, const std::shared_ptr<const T>& after, kv::Index index,
                       kv::Changes& into, LeaseTime now) {
  if (!before && !after) return;
  kv::Change change = kv::Replaced<T>{before, after, index};
  stage_.follow(change, now);
  into.list.push_back(std::move(change));
}

void KvMirror::leave_out(const std::string& key, const Error& why) {
  if (left_out_.size() < k_left_out_max) left_out_.push_back(fmt::format("{}: {}", key, why.message));
}

void KvMirror::put(const KeyValue& stored, kv::Changes& into, LeaseTime now) {
  const auto [kind, name] = keys_.place_of(stored.key);
  const kv::Index index = base_ + static_cast<kv::Index>(stored.changed);
  const kv::Tables& tables = stage_.tables();
  // What cannot be read is as if it were not there.
  const auto take = [&](const auto& before, auto after) {
    if (!after) leave_out(stored.key, after.error());
    using Ptr = std::remove_cvref_t<decltype(before)>;
    replace(before, after ? *after : Ptr(), index, into, now);
  };
  switch (kind) {
    case KvKeys::Kind::entry: return take(tables.find(name), read_entry(name, stored, base_));
    case KvKeys::Kind::session: return take(tables.find_session(name), read_session(name, stored, base_));
    case KvKeys::Kind::query: return take(tables.find_query(name), read_query(name, stored, base_));
    case KvKeys::Kind::renewed: into.list.emplace_back(kv::Renewed{std::string(name)}); return;
    case KvKeys::Kind::delay: {
      const auto delays = read_delays(stored.value);
      if (!delays) return leave_out(stored.key, delays.error());
      LeaseTime until = now;
      for (const kv::LockDelay& delay : *delays) {
        stage_.follow(delay, now);
        until = std::max(until, now + delay.lasts);
      }
      delays_[std::string(name)] = until;
      return;
    }
    case KvKeys::Kind::done: done_[std::string(name)] = stored.value; return;
    case KvKeys::Kind::last:
      last_ = stored.changed;
      last_value_ = stored.value;
      return;
    case KvKeys::Kind::foreign: return;
  }
}

void KvMirror::remove(const std::string& key, kv::Index index, kv::Changes& into, LeaseTime now) {
  const auto [kind, name] = keys_.place_of(key);
  const kv::Tables& tables = stage_.tables();
  switch (kind) {
    case KvKeys::Kind::entry: return replace(tables.find(name), kv::EntryPtr(), index, into, now);
    case KvKeys::Kind::session: return replace(tables.find_session(name), kv::SessionPtr(), index, into, now);
    case KvKeys::Kind::query: return replace(tables.find_query(name), kv::QueryPtr(), index, into, now);
    case KvKeys::Kind::delay: delays_.erase(std::string(name)); return;
    case KvKeys::Kind::done: done_.erase(std::string(name)); return;
    case KvKeys::Kind::last: last_ = 0; return;
    case KvKeys::Kind::renewed:
    case KvKeys::Kind::foreign: return;
  }
}

kv::Changes KvMirror::follow(const RevisionEvents& events, LeaseTime now) {
  kv::Changes changes{.list = {}, .index = base_ + static_cast<kv::Index>(events.revision)};
  for (const KeyEvent& event : events.events) {
    if (event.deleted) {
      remove(event.now.key, changes.index, changes, now);
    } else {
      put(event.now, changes, now);
    }
  }
  return changes;
}

kv::Changes KvMirror::take_all(const std::vector<KeyValue>& keys, Revision revision, LeaseTime now) {
  kv::Changes changes{.list = {}, .index = base_ + static_cast<kv::Index>(revision)};
  last_ = 0;
  last_value_.clear();
  done_.clear();
  const auto known_delays = std::exchange(delays_, {});
  std::set<std::string, std::less<>> entries;
  std::set<std::string, std::less<>> sessions;
  std::set<std::string, std::less<>> queries;
  for (const KeyValue& stored : keys) {
    const auto [kind, name] = keys_.place_of(stored.key);
    const kv::Tables& tables = stage_.tables();
    const kv::Index index = base_ + static_cast<kv::Index>(stored.changed);
    const auto is_known = [&](auto& seen, const auto& present) {
      seen.emplace(name);
      return present && present->modify_index == index;
    };
    if (kind == KvKeys::Kind::entry && is_known(entries, tables.find(name))) continue;
    if (kind == KvKeys::Kind::session && is_known(sessions, tables.find_session(name))) continue;
    if (kind == KvKeys::Kind::query && is_known(queries, tables.find_query(name))) continue;
    // A delay that is counted here already goes on.
    const auto delay = kind == KvKeys::Kind::delay ? known_delays.find(std::string(name)) : known_delays.end();
    if (delay != known_delays.end()) {
      delays_.insert(*delay);
      continue;
    }
    put(stored, changes, now);
  }
  std::vector<std::string> gone;
  const auto note_gone = [&](const auto& table, const auto& seen, auto key_of) {
    for (const auto& [name, value] : table) {
      if (!seen.contains(name)) gone.push_back(key_of(name));
    }
  };
  note_gone(stage_.tables().entries(), entries, [&](std::string_view name) { return keys_.entry(name); });
  note_gone(stage_.tables().sessions(), sessions, [&](std::string_view name) { return keys_.session(name); });
  note_gone(stage_.tables().queries(), queries, [&](std::string_view name) { return keys_.query(name); });
  for (const std::string& key : gone) remove(key, changes.index, changes, now);
  return changes;
}

std::string KvMirror::done_by(const std::string& node) const {
  const auto found = done_.find(node);
  return found == done_.end() ? std::string() : found->second;
}

std::vector<std::string> KvMirror::old_delays(LeaseTime now, std::size_t at_most) const {
  std::vector<std::string> over;
  for (const auto& [batch, until] : delays_) {
    if (until <= now && over.size() < at_most) over.push_back(batch);
  }
  return over;
}

}  // namespace rollcall::cluster
