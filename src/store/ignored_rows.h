// The rows of the database that are not on the roll because they break a rule, and why: until they are mended, deleted, or
// overwritten.
//
// Shape    the name of a row (name_of_row) and its problem.
// Threads  any.
// Limits   k_ignored_rows_max are remembered; who makes more mistakes mends these first.
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
  // Whether that is news: a row that was good, or is bad in another way.
  bool add(const std::string& name, const std::string& problem);
  void remove(std::string_view name);
  // Instead of all.
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
