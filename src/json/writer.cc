#include "json/writer.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

namespace rollcall::json {
namespace {

constexpr auto k_needs_escape = [] {
  std::array<bool, 256> needs{};
  for (std::size_t c = 0; c < 0x20; ++c) needs[c] = true;
  needs['"'] = needs['\\'] = needs[0x7f] = true;
  return needs;
}();

bool is_plain(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return k_needs_escape[static_cast<unsigned char>(c)]; });
}

}  // namespace

Writer& Writer::name(std::string_view constant) {
  append(constant.size() + 3, [&](char* at) {
    *at++ = '"';
    at += constant.copy(at, constant.size());
    *at++ = '"';
    *at++ = ':';
    return at;
  });
  return *this;
}

Writer& Writer::joined(std::initializer_list<std::string_view> pieces) {
  if (std::ranges::all_of(pieces, is_plain)) {
    std::size_t bytes = 2;
    for (const std::string_view piece : pieces) bytes += piece.size();
    append(bytes, [&](char* at) {
      *at++ = '"';
      for (const std::string_view piece : pieces) at += piece.copy(at, piece.size());
      *at++ = '"';
      return at;
    });
    return *this;
  }
  separate();
  std::string whole;
  for (const std::string_view piece : pieces) whole += piece;
  out_ += boost::json::serialize(boost::json::string_view(whole.data(), whole.size()));
  return *this;
}

}  // namespace rollcall::json
