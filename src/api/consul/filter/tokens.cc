#include "api/consul/filter/tokens.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace rollcall::api::consul {
namespace {

using Kind = FilterToken::Kind;

constexpr std::string_view k_blank = " \t\r\n";
constexpr std::string_view k_symbols = "()[].";
// A word ends before these. Dots part the names of a selector; a value with a dot, as 1.5 or web.v1, is joined again.
constexpr std::string_view k_no_word = " \t\r\n()[]\"`=!.";

// "…", with \" \\ \n \t and others as they are; `…` has no escapes.
Result<std::string> read_quoted(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  const char quote = text[at++];
  std::string value;
  for (; at < text.size(); ++at) {
    if (text[at] == quote) {
      ++at;
      return value;
    }
    if (quote == '"' && text[at] == '\\' && at + 1 < text.size()) {
      ++at;
      value += text[at] == 'n' ? '\n' : text[at] == 't' ? '\t' : text[at];
    } else {
      value += text[at];
    }
  }
  return filter_error(begin, "this quote has no end");
}

}  // namespace

std::unexpected<Error> filter_error(std::size_t at, std::string_view sentence) {
  return failure(Errc::invalid, fmt::format("Invalid filter: at character {}: {}", at + 1, sentence));
}

Result<std::vector<FilterToken>> read_tokens(std::string_view text) {
  std::vector<FilterToken> tokens;
  std::size_t at = 0;
  std::size_t end_before = std::string_view::npos;
  while (true) {
    at = std::min(text.find_first_not_of(k_blank, at), text.size());
    FilterToken token{.text = {}, .at = at, .is_joined = at == end_before};
    if (at == text.size()) {
      tokens.push_back(std::move(token));
      return tokens;
    }
    const char c = text[at];
    if (c == '"' || c == '`') {
      Result<std::string> value = read_quoted(text, at);
      if (!value) return std::unexpected(value.error());
      token.kind = Kind::quoted;
      token.text = std::move(*value);
    } else if (k_symbols.contains(c)) {
      token.kind = Kind::symbol;
      token.text = text.substr(at++, 1);
    } else if (text.substr(at).starts_with("==") || text.substr(at).starts_with("!=")) {
      token.kind = Kind::symbol;
      token.text = text.substr(at, 2);
      at += 2;
    } else if (c == '=' || c == '!') {
      return filter_error(at, "there is == and !=");
    } else {
      const std::size_t end = std::min(text.find_first_of(k_no_word, at), text.size());
      token.kind = Kind::word;
      token.text = text.substr(at, end - at);
      at = end;
    }
    end_before = at;
    tokens.push_back(std::move(token));
  }
}

}  // namespace rollcall::api::consul
