#include "kv/view.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "kv/limits.h"

namespace rollcall::kv {

void View::restore(const SessionPtr& session, LeaseTime now) {
  tables_.replace(nullptr, session);
  set_deadline(*session, now);
}

// --- Changes ---

std::vector<View::Wake> View::apply(const Changes& changes, LeaseTime now) {
  std::vector<Wake> woken;
  for (const Change& change : changes.list) {
    if (const auto* entry = std::get_if<Replaced<Entry>>(&change)) {
      follow(*entry, woken);
    } else if (const auto* session = std::get_if<Replaced<Session>>(&change)) {
      follow(*session, now, woken);
    } else if (const auto* query = std::get_if<Replaced<Query>>(&change)) {
      follow(*query, woken);
    } else if (const auto* renewed = std::get_if<Renewed>(&change)) {
      if (const SessionPtr known = tables_.find_session(renewed->session)) set_deadline(*known, now);
    }
  }
  index_ = std::max(index_, changes.index);
  return woken;
}

void View::follow(const Replaced<Entry>& change, std::vector<Wake>& woken) {
  tables_.replace(change.before, change.after);
  const std::string& key = change.either().key;
  if (change.after) {
    graves_.erase(key);
  } else {
    bury(key, change.index);
  }
  wake(lines_of(Topic::Kind::key), key, woken);
  Lines& prefixes = lines_of(Topic::Kind::prefix);
  for (std::size_t size = 0; size <= key.size() && !prefixes.empty(); ++size) {
    wake(prefixes, std::string_view(key).substr(0, size), woken);
  }
}

void View::follow(const Replaced<Session>& change, LeaseTime now, std::vector<Wake>& woken) {
  tables_.replace(change.before, change.after);
  sessions_index_ = std::max(sessions_index_, change.index);
  const Session& session = change.either();
  if (change.after) {
    set_deadline(session, now);
  } else {
    drop_deadline(session.id);
    ending_.erase(session.id);
  }
  wake(lines_of(Topic::Kind::session), session.id, woken);
  wake(lines_of(Topic::Kind::sessions), "", woken);
}

void View::follow(const Replaced<Query>& change, std::vector<Wake>& woken) {
  tables_.replace(change.before, change.after);
  queries_index_ = std::max(queries_index_, change.index);
  wake(lines_of(Topic::Kind::queries), "", woken);
}

// A removal that is forgotten raises the floor, so that nobody who waits with an index from before misses it.
void View::bury(const std::string& key, Index index) {
  graves_[key] = index;
  buried_.push_back({key, index});
  while (buried_.size() > k_graves_max) {
    const Grave& oldest = buried_.front();
    if (const auto found = graves_.find(oldest.key); found != graves_.end() && found->second == oldest.index) {
      graves_.erase(found);
      floor_ = std::max(floor_, oldest.index);
    }
    buried_.pop_front();
  }
}

// --- Indexes ---

Index View::grave_of(std::string_view key) const {
  const auto found = graves_.find(key);
  return found == graves_.end() ? floor_ : found->second;
}

Index View::index_below(std::string_view prefix) const {
  Index highest = floor_;
  tables_.for_each_below(prefix, [&](const EntryPtr& entry) { highest = std::max(highest, entry->modify_index); });
  for (auto at = graves_.lower_bound(prefix); at != graves_.end() && at->first.starts_with(prefix); ++at) {
    highest = std::max(highest, at->second);
  }
  return highest;
}

View::Standing View::look(const Topic& topic, Index known) const {
  const auto exactly = [known](Index index) { return Standing{index, known != index}; };
  // Of what is not there: a later index may be of another key, and it says nothing about this one.
  const auto absent = [&](Index index) {
    const bool is_over = known < index || known > index_;
    return Standing{is_over ? index : known, is_over};
  };
  switch (topic.kind) {
    case Topic::Kind::key: {
      const EntryPtr entry = tables_.find(topic.name);
      return entry ? exactly(entry->modify_index) : absent(grave_of(topic.name));
    }
    case Topic::Kind::prefix: return exactly(index_below(topic.name));
    case Topic::Kind::session: {
      const SessionPtr session = tables_.find_session(topic.name);
      return session ? exactly(session->modify_index) : absent(std::max(floor_, sessions_index_));
    }
    case Topic::Kind::sessions: return exactly(std::max(floor_, sessions_index_));
    case Topic::Kind::queries: return exactly(std::max(floor_, queries_index_));
  }
  return exactly(floor_);
}

// --- Those who wait ---

std::optional<View::Seat> View::take_seat(const Topic& topic, Wake wake) {
  if (seats_.size() >= k_seats_max) return std::nullopt;
  const Seat seat = ++last_seat_;
  lines_of(topic.kind)[topic.name].emplace(seat, std::move(wake));
  seats_.emplace(seat, topic);
  return seat;
}

void View::leave(Seat seat) {
  const auto found = seats_.find(seat);
  if (found == seats_.end()) return;  // it was woken
  Lines& lines = lines_of(found->second.kind);
  const auto line = lines.find(found->second.name);
  check(line != lines.end(), "a seat is in its line");
  line->second.erase(seat);
  if (line->second.empty()) lines.erase(line);
  seats_.erase(found);
}

void View::wake(Lines& lines, std::string_view name, std::vector<Wake>& woken) {
  const auto line = lines.find(name);
  if (line == lines.end()) return;
  for (auto& [seat, each] : line->second) {
    woken.push_back(std::move(each));
    seats_.erase(seat);
  }
  lines.erase(line);
}

// --- Sessions and their time ---

// A half more than its TTL: a client that renews in time is never late because of the way here, and a dead one is noticed
// before twice the TTL has passed.
void View::set_deadline(const Session& session, LeaseTime now) {
  if (session.ttl == session.ttl.zero()) return;
  drop_deadline(session.id);
  const LeaseTime end = now + session.ttl + session.ttl / 2;
  deadlines_.emplace(session.id, end);
  by_time_.emplace(end, session.id);
}

void View::drop_deadline(std::string_view session) {
  const auto found = deadlines_.find(session);
  if (found == deadlines_.end()) return;
  by_time_.erase({found->second, found->first});
  deadlines_.erase(found);
}

SessionPtr View::renew(std::string_view id, LeaseTime now) {
  const SessionPtr session = tables_.find_session(id);
  if (!session || !is_alive(id)) return nullptr;
  const auto found = deadlines_.find(id);
  if (found != deadlines_.end() && found->second <= now) return nullptr;  // over, and not swept yet
  set_deadline(*session, now);
  return session;
}

std::vector<std::string> View::end_due(LeaseTime now) {
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    const std::string id = by_time_.begin()->second;
    drop_deadline(id);
    ending_.insert(id);
  }
  return {ending_.begin(), ending_.end()};
}

std::vector<std::string> View::due(LeaseTime now) const {
  std::vector<std::string> over;
  for (const auto& [end, id] : by_time_) {
    if (end > now) break;
    over.push_back(id);
  }
  return over;
}

bool View::is_due(std::string_view id, LeaseTime now) const {
  const auto found = deadlines_.find(id);
  return found != deadlines_.end() && found->second <= now;
}

void View::give_all_time(LeaseTime now) {
  for (const auto& [id, session] : tables_.sessions()) set_deadline(*session, now);
}

std::optional<LeaseTime> View::next_end() const {
  if (by_time_.empty()) return std::nullopt;
  return by_time_.begin()->first;
}

}  // namespace rollcall::kv
