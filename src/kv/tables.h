// Keys in their order, sessions, prepared queries, and which session holds which keys. It knows no rules.
//
// Shape    there are two: the one that the rules change (stage.h), and the one that readers see (shown.h), which follows when a
//          batch is durable. Both share the values.
// Threads  one at a time.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "kv/changes.h"
#include "kv/values.h"

namespace rollcall::kv {

class Tables {
 public:
  // By key or id. The names borrow from the values.
  using Entries = std::map<std::string_view, EntryPtr>;
  using Sessions = std::map<std::string_view, SessionPtr>;
  using Queries = std::map<std::string_view, QueryPtr>;
  using Keys = std::set<std::string, std::less<>>;

  [[nodiscard]] const Entries& entries() const { return entries_; }
  [[nodiscard]] const Sessions& sessions() const { return sessions_; }
  [[nodiscard]] const Queries& queries() const { return queries_; }
  [[nodiscard]] EntryPtr find(std::string_view key) const;
  [[nodiscard]] SessionPtr find_session(std::string_view id) const;
  [[nodiscard]] QueryPtr find_query(std::string_view id) const;
  // Null: it holds none.
  [[nodiscard]] const Keys* held_by(std::string_view session) const;
  // `visit` of each entry below a prefix, in their order.
  template <class F>
  void for_each_below(std::string_view prefix, F&& visit) const {
    for (auto at = entries_.lower_bound(prefix); at != entries_.end() && at->first.starts_with(prefix); ++at) {
      visit(at->second);
    }
  }
  // The sessions that end with a check, by its id.
  [[nodiscard]] const std::map<std::string, Keys, std::less<>>& by_check() const { return by_check_; }
  // What all of it counts (values.h).
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  // What is `before` is there, or nothing where that is null; it is `after` from then on.
  void replace(const EntryPtr& before, const EntryPtr& after);
  void replace(const SessionPtr& before, const SessionPtr& after);
  void replace(const QueryPtr& before, const QueryPtr& after);

 private:
  void hold(const Entry& entry);
  void let_go(const Entry& entry);
  void bind(const Session& session);
  void let_go(const Session& session);

  Entries entries_;
  Sessions sessions_;
  Queries queries_;
  std::map<std::string, Keys, std::less<>> held_;      // none is empty
  std::map<std::string, Keys, std::less<>> by_check_;  // none is empty
  std::size_t bytes_ = 0;
};

}  // namespace rollcall::kv
