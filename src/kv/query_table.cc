#include "kv/query_table.h"

#include <utility>

#include "base/ascii_case.h"

namespace rollcall::kv {

void QueryTable::replace(const QueryPtr& before, const QueryPtr& after) {
  if (after) put(after->id, after);
  if (after && !after->name.empty()) put(to_lower(after->name), after);
  if (!before) return;
  if (!before->name.empty() && (!after || to_lower(before->name) != to_lower(after->name))) {
    remove(to_lower(before->name));
  }
  if (!after) remove(before->id);
}

void QueryTable::put(std::string name, const QueryPtr& query) {
  if (auto old = table_.publish(std::make_unique<Named>(std::move(name), query))) rcu::Entry::retire(std::move(old));
}

void QueryTable::remove(const std::string& name) {
  const rcu::ReadLock lock;
  if (const Named* const found = table_.find(name)) rcu::Entry::retire(table_.remove(*found));
}

}  // namespace rollcall::kv
