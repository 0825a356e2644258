// The rows of the database that could not be read as what they should be: how many, and a sentence for each of the
// first ("instance web/a in zone svc.internal: port must be …"). Value type.
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
  static constexpr std::size_t k_sentences_max = limits::k_ignored_rows_max;  // the rest is counted

  std::size_t count = 0;
  std::vector<std::string> sentences;
  std::vector<std::string> names;  // what each sentence begins with, before ": "
  std::vector<RowKey> keys;        // of all rows of `instance` that could not be read

  void add(std::string name, std::string_view problem) {
    ++count;
    if (sentences.size() >= k_sentences_max) return;
    sentences.push_back(std::string(name).append(": ").append(problem));
    names.push_back(std::move(name));
  }
};

}  // namespace rollcall::store
