// The words of a filter (expression.h).
//
// Shape    tokens borrow from the text; a quoted one owns what its escapes stand for.
// Failure  Errc::invalid: "at character 12: …", counted from 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::api::consul {

struct FilterToken {
  enum class Kind : std::uint8_t {
    word,    // a name, a number, a key word
    quoted,  // "…" or `…`
    symbol,  // == != ( ) [ ] .
    end,
  };
  Kind kind = Kind::end;
  std::string text;
  std::size_t at = 0;      // of the text
  bool is_joined = false;  // nothing stands between it and the token before

  [[nodiscard]] bool is(std::string_view what) const { return kind != Kind::quoted && text == what; }
};

[[nodiscard]] std::unexpected<Error> filter_error(std::size_t at, std::string_view sentence);

// Ends with a token of Kind::end.
[[nodiscard]] Result<std::vector<FilterToken>> read_tokens(std::string_view text);

}  // namespace rollcall::api::consul
