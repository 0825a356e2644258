// What an outcome says of an edit, and the telling of rows that are ignored; for those who apply edits (edit_watch.h) and
// those who propose them (edit_proposals.h).
#pragma once

#include <cstddef>
#include <string>

#include "registry/instance/change.h"

namespace rollcall::store {

class IgnoredRows;

// The store cannot take it now: to be tried again.
[[nodiscard]] inline bool is_of_the_store(const registry::Outcome& outcome) {
  if (outcome) return false;
  const Errc code = outcome.error().code;
  return code == Errc::store_busy || code == Errc::store_failed || code == Errc::overloaded;
}

// Whether the roll now agrees with the row: the edit was applied, or the instance exists in neither.
[[nodiscard]] inline bool is_settled(const registry::Outcome& outcome) {
  return outcome || outcome.error().code == Errc::unknown_instance;
}

// Lists rows as ignored, and logs those that are new to the list: the first of them, and the number of the others when it is
// destroyed.
class NewlyIgnored {
 public:
  explicit NewlyIgnored(IgnoredRows& rows) : rows_(rows) {}
  ~NewlyIgnored();
  NewlyIgnored(const NewlyIgnored&) = delete;
  NewlyIgnored& operator=(const NewlyIgnored&) = delete;

  void add(const std::string& name, const std::string& problem);

 private:
  IgnoredRows& rows_;
  std::size_t count_ = 0;
};

}  // namespace rollcall::store
