// The rows of the database that could not be read as what they should be: how many, and a sentence for each of the
// first. Value type.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace rollcall::store {

struct SkippedRows {
  static constexpr std::size_t k_sentences_max = 100;  // enough to see a pattern; the rest is counted

  std::size_t count = 0;
  std::vector<std::string> sentences;

  void add(std::string sentence) {
    ++count;
    if (sentences.size() < k_sentences_max) sentences.push_back(std::move(sentence));
  }
};

}  // namespace rollcall::store
