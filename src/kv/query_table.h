// Prepared queries as the DNS finds them: by their name or their id, without a lock.
//
// Shape    one entry for each name and each id, with a copy of what is asked. A name that is another query's id is the id's.
// Threads  `find_query`: any that holds an rcu::Thread, under a ReadLock; `replace`: one at a time.
// Source   consul/prepared_query.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/rcu.h"
#include "consul/prepared_query.h"
#include "kv/values.h"

namespace rollcall::kv {

class QueryTable final : public consul::PreparedQueries {
 public:
  [[nodiscard]] const consul::PreparedQuery* find_query(std::string_view folded) const noexcept override {
    const Named* const found = table_.find(folded);
    return found == nullptr ? nullptr : &found->query->asked;
  }

  // Null: there was none, or there is none any more.
  void replace(const QueryPtr& before, const QueryPtr& after);

 private:
  struct Named final : rcu::Entry {
    Named(std::string the_name, QueryPtr the_query) : name(std::move(the_name)), query(std::move(the_query)) {}
    using Key = std::string_view;
    [[nodiscard]] Key key() const { return name; }
    [[nodiscard]] static std::uint64_t hash(const Key& key) { return hash_bytes(key, hash_seed()); }
    [[nodiscard]] bool has_key(const Key& key) const { return name == key; }

    std::string name;  // folded
    QueryPtr query;
  };

  void remove(const std::string& name);
  void put(std::string name, const QueryPtr& query);

  rcu::Table<Named> table_;
};

}  // namespace rollcall::kv
