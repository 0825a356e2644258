#include "kv/stage.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/ascii_case.h"
#include "base/check.h"
#include "kv/limits.h"

namespace rollcall::kv {
namespace {

std::optional<Refusal> unmet(std::string what) { return Refusal{0, Why::unmet, std::move(what)}; }

std::optional<Refusal> show(EntryPtr entry, bool has_value, Stage::Reading& reading) {
  if (has_value) reading.bytes += entry->value.size();
  reading.entries.push_back({std::move(entry), has_value});
  if (reading.bytes <= k_transaction_read_bytes_max) return std::nullopt;
  return Refusal{0, Why::too_large,
                 fmt::format("the transaction reads more than {} bytes: read the keys one by one or by /v1/kv/?recurse",
                             k_transaction_read_bytes_max)};
}

bool is_same(const Entry& a, const Entry& b) {
  return a.value == b.value && a.flags == b.flags && a.session == b.session && a.lock_index == b.lock_index;
}

}  // namespace

// --- The batch ---

void Stage::begin(LeaseTime now) {
  now_ = now;
  index_before_ = index_;
  made_.clear();
  made_before_ = 0;
}

// The delays that are over are forgotten with a batch that is written anyway: nothing depends on it.
Changes Stage::take() {
  if (!made_.empty() && now_ >= look_for_ended_delays_at_) {
    look_for_ended_delays_at_ = now_ + k_delays_looked_at_every;
    std::vector<std::string> over;
    for (const auto& [key, until] : delays_) {
      if (until <= now_) over.push_back(key);
    }
    for (const std::string& key : over) set_delay(key, {});
  }
  Changes changes{.list = {}, .index = index_};
  changes.list.reserve(made_.size());
  for (const Made& each : made_) changes.list.push_back(each.change);
  return changes;
}

void Stage::take_back(std::size_t size) {
  if (made_.size() == size) return;
  undo_to(size);
  made_before_ = size;
  --index_;
}

void Stage::follow(const Change& change, LeaseTime now) {
  if (const auto* entry = std::get_if<Replaced<Entry>>(&change)) {
    tables_.replace(entry->before, entry->after);
  } else if (const auto* session = std::get_if<Replaced<Session>>(&change)) {
    tables_.replace(session->before, session->after);
  } else if (const auto* query = std::get_if<Replaced<Query>>(&change)) {
    tables_.replace(query->before, query->after);
  } else if (const auto* delay = std::get_if<LockDelay>(&change)) {
    LeaseTime& until = delays_[delay->key];
    until = std::max(until, now + delay->lasts);
  }
}

void Stage::forget_delays(LeaseTime now) {
  std::erase_if(delays_, [now](const auto& each) { return each.second <= now; });
}

void Stage::undo() {
  undo_to(0);
  index_ = index_before_;
}

void Stage::undo_to(std::size_t count) {
  while (made_.size() > count) {
    const Made& last = made_.back();
    if (const auto* delay = std::get_if<LockDelay>(&last.change)) {
      if (last.delayed_until) {
        delays_[delay->key] = *last.delayed_until;
      } else {
        delays_.erase(delay->key);
      }
    } else if (const auto* entry = std::get_if<Replaced<Entry>>(&last.change)) {
      tables_.replace(entry->after, entry->before);
    } else if (const auto* session = std::get_if<Replaced<Session>>(&last.change)) {
      tables_.replace(session->after, session->before);
    } else if (const auto* query = std::get_if<Replaced<Query>>(&last.change)) {
      tables_.replace(query->after, query->before);
    }
    made_.pop_back();
  }
}

template <class T>
void Stage::replace(const std::shared_ptr<const T>& before, const std::shared_ptr<const T>& after) {
  tables_.replace(before, after);
  made_.push_back({.change = Replaced<T>{before, after, index_ + 1}});
}

Stage::Result Stage::done(std::vector<Shown> entries) {
  if (made_.size() > made_before_) ++index_;
  made_before_ = made_.size();
  return Done{std::move(entries), index_};
}

Stage::Result Stage::refused(Refusal refusal) {
  undo_to(made_before_);
  return refusal;
}

bool Stage::has_room_for(std::size_t more, std::size_t instead_of) const {
  return more <= instead_of || tables_.bytes() + (more - instead_of) <= bounds_.bytes_max;
}

// --- Keys ---

Stage::Result Stage::apply(const Transaction& transaction) {
  Reading reading;
  for (std::size_t i = 0; i < transaction.operations.size(); ++i) {
    if (Fault fault = run(transaction.operations[i], reading)) {
      fault->operation = i;
      return refused(std::move(*fault));
    }
  }
  return done(std::move(reading.entries));
}

Stage::Fault Stage::run(const Operation& operation, Reading& reading) {
  const std::string& key = operation.key;
  EntryPtr present = tables_.find(key);
  const Index index = present ? present->modify_index : 0;
  switch (operation.verb) {
    case Verb::set: return set(operation, present, present ? present->session : std::string(), reading);
    case Verb::cas:
      if (index != operation.index) return unmet(fmt::format("failed to set key \"{}\", index is stale", key));
      return set(operation, present, present ? present->session : std::string(), reading);
    case Verb::lock: return lock(operation, present, reading);
    case Verb::unlock:
      if (!present || present->session.empty() || present->session != operation.session) {
        return unmet(fmt::format("failed to unlock key \"{}\", lock isn't held, or is held by another session", key));
      }
      return set(operation, present, {}, reading);
    case Verb::get:
      if (!present) return unmet(fmt::format("key \"{}\" doesn't exist", key));
      return show(std::move(present), true, reading);
    case Verb::get_or_empty: {
      if (present) return show(std::move(present), true, reading);
      auto absent = std::make_shared<Entry>();
      absent->key = key;
      return show(std::move(absent), true, reading);
    }
    case Verb::get_tree: {
      Fault fault;
      tables_.for_each_below(key, [&](const EntryPtr& entry) {
        if (!fault) fault = show(entry, true, reading);
      });
      return fault;
    }
    case Verb::remove:
      if (present) remove(present);
      return std::nullopt;
    case Verb::remove_tree: remove_tree(key); return std::nullopt;
    case Verb::remove_cas:
      if (!present) return std::nullopt;
      if (index != operation.index) return unmet(fmt::format("failed to delete key \"{}\", index is stale", key));
      remove(present);
      return std::nullopt;
    case Verb::check_index:
      if (!present) return unmet(fmt::format("failed to check index for key \"{}\", key doesn't exist", key));
      if (index != operation.index) {
        return unmet(fmt::format("failed index check for key \"{}\", current modify index {} != {}", key, index,
                                 operation.index));
      }
      return show(std::move(present), false, reading);
    case Verb::check_session:
      if (!present) return unmet(fmt::format("failed to check session for key \"{}\", key doesn't exist", key));
      if (present->session != operation.session) {
        return unmet(fmt::format("failed session check for key \"{}\", current session \"{}\" != \"{}\"", key,
                                 present->session, operation.session));
      }
      return show(std::move(present), false, reading);
    case Verb::check_not_exists:
      if (present) return unmet(fmt::format("key \"{}\" exists", key));
      return std::nullopt;
  }
  return std::nullopt;
}

// Whoever holds it already stays its holder, and changes the value alone.
Stage::Fault Stage::lock(const Operation& operation, const EntryPtr& present, Reading& reading) {
  if (operation.session.empty() || !tables_.find_session(operation.session)) {
    return Refusal{0, Why::no_session, fmt::format("invalid session \"{}\"", operation.session)};
  }
  const bool is_held = present && !present->session.empty();
  if (is_held && present->session != operation.session) {
    return unmet(fmt::format("failed to lock key \"{}\", lock is already held", operation.key));
  }
  if (!is_held && is_delayed(operation.key)) {
    return unmet(fmt::format("failed to lock key \"{}\" due to lock delay", operation.key));
  }
  return set(operation, present, operation.session, reading);
}

// A key that is set to what it is already does not change, and wakes nobody.
Stage::Fault Stage::set(const Operation& operation, const EntryPtr& present, std::string session, Reading& reading) {
  auto entry = std::make_shared<Entry>();
  entry->key = operation.key;
  entry->value = operation.value;
  entry->flags = operation.flags;
  entry->create_index = present ? present->create_index : index_ + 1;
  entry->modify_index = index_ + 1;
  const bool is_acquired = !session.empty() && (!present || present->session != session);
  entry->lock_index = (present ? present->lock_index : 0) + (is_acquired ? 1 : 0);
  entry->session = std::move(session);
  if (present && is_same(*present, *entry)) return show(present, false, reading);
  if (!has_room_for(bytes_of(*entry), present ? bytes_of(*present) : 0)) {
    return Refusal{
        0, Why::full,
        fmt::format("the key-value store is full: it holds {} of {} bytes ([consul] kv_bytes), and \"{}\" has "
                    "no room. It is not meant for large data: delete keys, or raise the bound",
                    tables_.bytes(), bounds_.bytes_max, entry->key)};
  }
  if (Fault fault = check_held(*entry, present)) return fault;
  replace<Entry>(present, entry);
  return show(std::move(entry), false, reading);
}

// All that a session holds changes at once when it ends.
Stage::Fault Stage::check_held(const Entry& entry, const EntryPtr& present) const {
  if (entry.session.empty() || bounds_.held_max == SIZE_MAX) return std::nullopt;
  const Tables::Keys* const held = tables_.held_by(entry.session);
  std::size_t count = 1;
  std::size_t bytes = bytes_of(entry);
  if (held != nullptr) {
    for (const std::string& key : *held) {
      if (present && key == present->key) continue;
      ++count;
      bytes += bytes_of(*tables_.find(key));
    }
  }
  if (count > bounds_.held_max) {
    return Refusal{0, Why::too_large,
                   fmt::format("in a cluster a session holds at most {} keys: create another session for \"{}\"",
                               bounds_.held_max, entry.key)};
  }
  if (bytes > bounds_.held_bytes_max) {
    return Refusal{0, Why::too_large,
                   fmt::format("in a cluster the keys that a session holds have at most {} bytes together: keep large "
                               "values in keys of their own, without a lock",
                               bounds_.held_bytes_max)};
  }
  return std::nullopt;
}

void Stage::remove(const EntryPtr& present) { replace<Entry>(present, nullptr); }

void Stage::remove_tree(std::string_view prefix) {
  std::vector<EntryPtr> below;
  tables_.for_each_below(prefix, [&](const EntryPtr& entry) { below.push_back(entry); });
  for (const EntryPtr& entry : below) remove(entry);
}

// --- Sessions ---

Stage::Result Stage::apply(const CreateSession& asked) {
  if (!has_room_for(bytes_of(asked.session), 0)) {
    return refused({0, Why::full, "the key-value store is full ([consul] kv_bytes): no session can be created"});
  }
  if (tables_.find_session(asked.session.id)) return done();  // ids are not drawn twice: it is this one, made already
  auto session = std::make_shared<Session>(asked.session);
  session->create_index = session->modify_index = index_ + 1;
  replace<Session>(nullptr, session);
  return done();
}

Stage::Result Stage::apply(const RenewSession& asked) {
  const SessionPtr session = tables_.find_session(asked.id);
  if (!session) {
    return refused({0, Why::no_session, fmt::format("Session id '{}' not found", asked.id)});
  }
  if (session->ttl > session->ttl.zero()) made_.push_back({.change = Renewed{asked.id}});
  return done();
}

Stage::Result Stage::apply(const DestroySession& asked) {
  if (const SessionPtr session = tables_.find_session(asked.id)) end(session);
  return done();
}

// Destroyed or invalidated: what it holds is released or removed, and cannot be acquired for the time of its lock delay, so
// that a holder which has not noticed yet meets no other one.
void Stage::end(const SessionPtr& session) {
  const Tables::Keys* const held = tables_.held_by(session->id);
  const Tables::Keys keys = held == nullptr ? Tables::Keys() : *held;
  for (const std::string& key : keys) {
    const EntryPtr present = tables_.find(key);
    check(present != nullptr, "a key that is held is there");
    if (session->at_end == AtEnd::remove) {
      remove(present);
    } else {
      auto released = std::make_shared<Entry>(*present);
      released->session.clear();
      released->modify_index = index_ + 1;
      replace<Entry>(present, released);
    }
    if (session->lock_delay > session->lock_delay.zero()) set_delay(key, session->lock_delay);
  }
  std::vector<QueryPtr> bound;
  for (const auto& [id, query] : tables_.queries()) {
    if (query->session == session->id) bound.push_back(query);
  }
  for (const QueryPtr& query : bound) replace<Query>(query, nullptr);
  replace<Session>(session, nullptr);
}

// Zero: it is over.
void Stage::set_delay(const std::string& key, std::chrono::milliseconds lasts) {
  const auto present = delays_.find(key);
  made_.push_back({.change = LockDelay{key, lasts},
                   .delayed_until = present == delays_.end() ? std::nullopt : std::optional(present->second)});
  if (lasts > lasts.zero()) {
    delays_[key] = now_ + lasts;
  } else {
    delays_.erase(key);
  }
}

bool Stage::is_delayed(std::string_view key) const {
  const auto found = delays_.find(key);
  return found != delays_.end() && now_ < found->second;
}

// --- Prepared queries ---

Stage::Result Stage::apply(const PutQuery& asked) {
  const QueryPtr present = tables_.find_query(asked.query.id);
  if (!asked.is_new && !present) return refused({0, Why::unmet, std::string(k_query_not_found)});
  if (!asked.query.session.empty() && !tables_.find_session(asked.query.session)) {
    return refused({0, Why::no_session, fmt::format("invalid session \"{}\"", asked.query.session)});
  }
  std::size_t bound = 1;
  for (const auto& [id, other] : tables_.queries()) {
    if (other != present && !asked.query.session.empty() && other->session == asked.query.session) ++bound;
  }
  if (bound > bounds_.bound_queries_max) {
    return refused({0, Why::too_large,
                    fmt::format("in a cluster a session has at most {} prepared queries", bounds_.bound_queries_max)});
  }
  for (const auto& [id, other] : tables_.queries()) {
    if (other == present || asked.query.name.empty()) continue;
    if (to_lower(other->name) == to_lower(asked.query.name)) {
      return refused({0, Why::unmet, fmt::format("name \"{}\" aliases an existing query name", asked.query.name)});
    }
  }
  if (!has_room_for(bytes_of(asked.query), present ? bytes_of(*present) : 0)) {
    return refused({0, Why::full, "the key-value store is full ([consul] kv_bytes): no query can be stored"});
  }
  auto query = std::make_shared<Query>(asked.query);
  query->create_index = present ? present->create_index : index_ + 1;
  query->modify_index = index_ + 1;
  replace<Query>(present, query);
  return done();
}

Stage::Result Stage::apply(const RemoveQuery& asked) {
  const QueryPtr present = tables_.find_query(asked.id);
  if (!present) return refused({0, Why::unmet, std::string(k_query_not_found)});
  replace<Query>(present, nullptr);
  return done();
}

}  // namespace rollcall::kv
