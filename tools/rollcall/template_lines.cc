#include "tools/rollcall/template_lines.h"

#include <algorithm>

namespace rollcall::cli {
namespace {

constexpr std::string_view k_blanks = " \t\r";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(k_blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_blanks) - first + 1);
}

// Follows "{{=<% %>=}}" through a template.
class Delimiters {
 public:
  // Whether the line is one tag that prints nothing.
  [[nodiscard]] bool is_tag_alone(std::string_view line) const {
    const std::string_view tag = trim(line);
    if (tag.size() <= open_.size() + close_.size() || !tag.starts_with(open_) || !tag.ends_with(close_)) return false;
    const std::string_view inside = tag.substr(open_.size(), tag.size() - open_.size() - close_.size());
    return std::string_view("#^/!=").contains(inside.front()) && !inside.contains(close_);
  }

  void pass(std::string_view line) {
    const std::size_t at = line.find(open_ + "=");
    const std::size_t begin = at + open_.size() + 1;
    const std::size_t end = at == std::string_view::npos ? at : line.find("=" + close_, begin);
    if (end == std::string_view::npos) return;
    const std::string_view both = trim(line.substr(begin, end - begin));
    const std::size_t between = both.find(' ');
    if (between == std::string_view::npos) return;
    open_ = both.substr(0, between);
    close_ = trim(both.substr(between));
  }

 private:
  std::string open_ = "{{";
  std::string close_ = "}}";
};

}  // namespace

std::string hide_lines(std::string_view text) {
  std::string hidden;
  Delimiters delimiters;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const bool is_ended = line.size() < text.size();
    text.remove_prefix(line.size() + (is_ended ? 1 : 0));
    const bool is_alone = delimiters.is_tag_alone(line);
    delimiters.pass(line);
    hidden += is_alone ? trim(line) : line;
    if (is_ended && !is_alone) hidden += k_line_end;
  }
  return hidden;
}

std::string show_lines(std::string text) {
  std::ranges::replace(text, k_line_end, '\n');
  return text;
}

}  // namespace rollcall::cli
