// Rows for people: columns as wide as their widest cell, two blanks between them, a dim line of headings.
//
// Shape    a cell may have colour; its width is what it takes on a terminal.
#pragma once

#include <string>
#include <vector>

namespace rollcall::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // With a line end after each row; without rows only the headings.
  [[nodiscard]] std::string text(bool is_colored) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace rollcall::cli
