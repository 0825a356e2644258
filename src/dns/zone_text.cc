#include "dns/zone_text.h"

namespace rollcall::dns {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool ends_token(char c) { return is_blank(c) || c == '\n' || c == ';' || c == '(' || c == ')'; }

}  // namespace

std::expected<std::optional<ZoneEntry>, SyntaxError> ZoneText::next() {
  ZoneEntry entry;
  std::vector<std::size_t> open_lines;  // lines of the open parentheses
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\n') {
      end_line();
      if (open_lines.empty() && !entry.tokens.empty()) return entry;
    } else if (is_blank(c)) {
      ++at_;
    } else if (c == ';') {
      skip_comment();
    } else if (c == '(') {
      open_lines.push_back(line_);
      ++at_;
    } else if (c == ')') {
      if (open_lines.empty()) return std::unexpected(SyntaxError{line_, "a ')' without its '('"});
      open_lines.pop_back();
      ++at_;
    } else {
      if (entry.tokens.empty()) {
        entry.line = line_;
        entry.starts_blank = is_blank(text_[line_start_]);
      }
      const auto token = take_token();
      if (!token) return std::unexpected(token.error());
      entry.tokens.push_back(*token);
    }
  }
  if (!open_lines.empty()) return std::unexpected(SyntaxError{open_lines.back(), "a '(' is never closed"});
  if (entry.tokens.empty()) return std::nullopt;
  return entry;
}

std::expected<std::string_view, SyntaxError> ZoneText::take_token() {
  const std::size_t begin = at_;
  bool quoted = false;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (quoted ? c == '\n' : ends_token(c)) break;
    // A zone file must not contain zero bytes; ldns also takes C strings, which end at one.
    if (c == '\0') return std::unexpected(SyntaxError{line_, "a zero byte: this is not a text file"});
    ++at_;
    if (c == '\\') {
      if (at_ == text_.size() || text_[at_] == '\n' || text_[at_] == '\0') {
        return std::unexpected(SyntaxError{line_, "a backslash at the end of the line escapes nothing"});
      }
      ++at_;
    } else if (c == '"') {
      if (quoted) return text_.substr(begin, at_ - begin);
      quoted = true;
    }
  }
  if (quoted) return std::unexpected(SyntaxError{line_, "a quoted string does not end on its line"});
  return text_.substr(begin, at_ - begin);
}

void ZoneText::skip_comment() {
  while (at_ < text_.size() && text_[at_] != '\n') ++at_;
}

void ZoneText::end_line() {
  ++at_;
  ++line_;
  line_start_ = at_;
}

std::string_view unquoted(std::string_view token) {
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return token;
  return token.substr(1, token.size() - 2);
}

}  // namespace rollcall::dns
