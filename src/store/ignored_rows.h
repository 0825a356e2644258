// The database rows that the server ignores because they break a rule, with the reason. A row leaves the list when it
// is corrected, deleted or overwritten.
//
// Shape    a map from the name of a row (name_of_row) to its problem.
// Threads  any.
// Limits   k_ignored_rows_max rows; further rows are not listed until some of these are corrected.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "registry/ports/storage.h"
#include "store/skipped_rows.h"

namespace rollcall::store {

class IgnoredRows final : public registry::IgnoredRows {
 public:
  // Returns whether this is new: the row was not listed, or had another problem.
  bool add(const std::string& name, const std::string& problem);
  void remove(std::string_view name);
  // Replaces the whole list.
  void replace(const SkippedRows& skipped);

  [[nodiscard]] bool is_empty() const noexcept { return count() == 0; }
  [[nodiscard]] std::size_t count() const noexcept override { return count_.load(std::memory_order_relaxed); }
  // At most `count_max`.
  [[nodiscard]] std::vector<std::string> sentences(std::size_t count_max) const override;

 private:
  using Problems = std::map<std::string, std::string, std::less<>>;

  Guarded<Problems> problems_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace rollcall::store
