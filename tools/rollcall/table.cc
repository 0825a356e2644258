#include "tools/rollcall/table.h"

#include <algorithm>

#include "tools/rollcall/terminal.h"

namespace rollcall::cli {
namespace {

constexpr std::size_t k_gap = 2;

std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text += cells[i];
    if (i + 1 < cells.size()) text.append(widths[i] + k_gap - columns_of(cells[i]), ' ');
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace

std::string Table::text(bool is_colored) const {
  std::vector<std::size_t> widths;
  for (const std::string& heading : headings_) widths.push_back(columns_of(heading));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string text = colored(is_colored, Color::dim, line(headings_, widths)) + "\n";
  for (const auto& row : rows_) text += line(row, widths) + "\n";
  return text;
}

}  // namespace rollcall::cli
