// The tokenizer for zone files: splits the text into entries. An entry is one record or one directive; comments are
// removed and parentheses are resolved.
//
// Shape    tokens are views of the raw text, with quotes and escapes. A quoted string is a token, or the end of a token
//          (`alpn="h2,h3"`). The tokenizer does not interpret types or names.
// Owner    borrows the text, which must outlive the tokens.
// Threads  one.
// Failure  SyntaxError: the line where the error begins, and a sentence.
// Source   RFC 1035 §5.1.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::dns {

struct ZoneEntry {
  std::size_t line = 0;                  // of its first token, from 1
  bool starts_blank = false;             // begins with white space: same owner as the previous entry
  std::vector<std::string_view> tokens;  // at least one
};

struct SyntaxError {
  std::size_t line;
  std::string sentence;
};

class ZoneText {
 public:
  explicit ZoneText(std::string_view text) : text_(text) {}

  // The next entry; empty at the end of the text.
  [[nodiscard]] std::expected<std::optional<ZoneEntry>, SyntaxError> next();

 private:
  [[nodiscard]] std::expected<std::string_view, SyntaxError> take_token();
  void skip_comment();
  void end_line();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;  // offset of the current line
};

// The token without its surrounding quotes, if it has any.
[[nodiscard]] std::string_view unquoted(std::string_view token);

}  // namespace rollcall::dns
