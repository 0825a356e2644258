#include "store/ignored_rows.h"

#include <utility>

#include "base/limits.h"

namespace rollcall::store {

bool IgnoredRows::add(const std::string& name, const std::string& problem) {
  return problems_.with([&](Problems& problems) {
    const auto known = problems.find(name);
    if (known != problems.end()) return std::exchange(known->second, problem) != problem;
    if (problems.size() < limits::k_ignored_rows_max) problems.emplace(name, problem);
    count_.store(problems.size(), std::memory_order_relaxed);
    return true;
  });
}

void IgnoredRows::remove(std::string_view name) {
  problems_.with([&](Problems& problems) {
    const auto known = problems.find(name);
    if (known != problems.end()) problems.erase(known);
    count_.store(problems.size(), std::memory_order_relaxed);
  });
}

void IgnoredRows::replace(const SkippedRows& skipped) {
  problems_.with([&](Problems& problems) {
    problems.clear();
    for (std::size_t i = 0; i < skipped.names.size(); ++i) {
      problems.emplace(skipped.names[i], skipped.sentences[i].substr(skipped.names[i].size() + 2));
    }
    count_.store(problems.size(), std::memory_order_relaxed);
  });
}

std::vector<std::string> IgnoredRows::sentences(std::size_t count_max) const {
  return problems_.with([&](const Problems& problems) {
    std::vector<std::string> sentences;
    for (const auto& [name, problem] : problems) {
      if (sentences.size() >= count_max) break;
      sentences.push_back(name + ": " + problem);
    }
    return sentences;
  });
}

}  // namespace rollcall::store
