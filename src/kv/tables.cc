#include "kv/tables.h"

#include "base/check.h"

namespace rollcall::kv {
namespace {

template <class Table>
auto find_in(const Table& table, std::string_view name) {
  const auto found = table.find(name);
  return found == table.end() ? typename Table::mapped_type() : found->second;
}

// The name in the table borrows from the value, so a value is put in anew.
template <class Table, class Ptr>
void replace_in(Table& table, std::string_view name, const Ptr& before, const Ptr& after) {
  if (before) check(table.erase(name) == 1, "what is replaced is there");
  if (after) check(table.emplace(name, after).second, "what is new is not there yet");
}

}  // namespace

EntryPtr Tables::find(std::string_view key) const { return find_in(entries_, key); }
SessionPtr Tables::find_session(std::string_view id) const { return find_in(sessions_, id); }
QueryPtr Tables::find_query(std::string_view id) const { return find_in(queries_, id); }

const Tables::Keys* Tables::held_by(std::string_view session) const {
  const auto found = held_.find(session);
  return found == held_.end() ? nullptr : &found->second;
}

void Tables::replace(const EntryPtr& before, const EntryPtr& after) {
  if (before) let_go(*before);
  replace_in(entries_, after ? after->key : before->key, before, after);
  if (after) hold(*after);
}

void Tables::replace(const SessionPtr& before, const SessionPtr& after) {
  replace_in(sessions_, after ? after->id : before->id, before, after);
  if (before) let_go(*before);
  if (after) bind(*after);
}

void Tables::replace(const QueryPtr& before, const QueryPtr& after) {
  replace_in(queries_, after ? after->id : before->id, before, after);
  if (before) bytes_ -= bytes_of(*before);
  if (after) bytes_ += bytes_of(*after);
}

void Tables::bind(const Session& session) {
  bytes_ += bytes_of(session);
  for (const auto* checks : {&session.node_checks, &session.service_checks}) {
    for (const std::string& check : *checks) by_check_[check].insert(session.id);
  }
}

void Tables::let_go(const Session& session) {
  bytes_ -= bytes_of(session);
  for (const auto* checks : {&session.node_checks, &session.service_checks}) {
    for (const std::string& check : *checks) {
      const auto bound = by_check_.find(check);
      if (bound == by_check_.end()) continue;
      bound->second.erase(session.id);
      if (bound->second.empty()) by_check_.erase(bound);
    }
  }
}

void Tables::hold(const Entry& entry) {
  bytes_ += bytes_of(entry);
  if (!entry.session.empty()) held_[entry.session].insert(entry.key);
}

void Tables::let_go(const Entry& entry) {
  bytes_ -= bytes_of(entry);
  if (entry.session.empty()) return;
  const auto held = held_.find(entry.session);
  check(held != held_.end() && held->second.erase(entry.key) == 1, "a key that is held is in its session's list");
  if (held->second.empty()) held_.erase(held);
}

}  // namespace rollcall::kv
