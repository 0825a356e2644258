// The database rows that a restore skipped because they are invalid: their number, and a message for each of the first
// k_sentences_max ("instance web/a in zone svc.internal: port must be …"). Value type.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "store/row_key.h"

namespace rollcall::store {

struct SkippedRows {
  static constexpr std::size_t k_sentences_max = limits::k_ignored_rows_max;  // further rows are only counted

  std::size_t count = 0;
  std::vector<std::string> sentences;
  std::vector<std::string> names;  // the part of each sentence before ": "
  std::vector<RowKey> keys;        // all invalid rows of `instance`

  void add(std::string name, std::string_view problem) {
    ++count;
    if (sentences.size() >= k_sentences_max) return;
    sentences.push_back(std::string(name).append(": ").append(problem));
    names.push_back(std::move(name));
  }
};

}  // namespace rollcall::store
