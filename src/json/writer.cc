#include "json/writer.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace rollcall::json {
namespace {

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == '\x7f'; }

}  // namespace

Writer& Writer::name(std::string_view constant) {
  separate();
  out_.append(1, '"').append(constant).append("\":");
  return *this;
}

Writer& Writer::value(std::string_view text) { return joined({text}); }

Writer& Writer::joined(std::initializer_list<std::string_view> pieces) {
  separate();
  const bool is_plain =
      std::ranges::none_of(pieces, [](std::string_view piece) { return std::ranges::any_of(piece, needs_escape); });
  if (is_plain) {
    out_ += '"';
    for (const std::string_view piece : pieces) out_ += piece;
    out_ += '"';
    return *this;
  }
  std::string whole;
  for (const std::string_view piece : pieces) whole += piece;
  out_ += boost::json::serialize(boost::json::string_view(whole.data(), whole.size()));
  return *this;
}

}  // namespace rollcall::json
