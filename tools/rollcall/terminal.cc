#include "tools/rollcall/terminal.h"

#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

namespace rollcall::cli {
namespace {

std::string_view escape_of(Color color) {
  switch (color) {
    case Color::plain: return "0";
    case Color::bold: return "1";
    case Color::dim: return "2";
    case Color::red: return "31";
    case Color::green: return "32";
    case Color::yellow: return "33";
    case Color::blue: return "34";
  }
  return "0";
}

}  // namespace

bool wants_color(std::string_view when, int descriptor) {
  if (when != "auto") return when == "always";
  const char* const no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* const term = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

std::string colored(bool wanted, Color color, std::string_view text) {
  if (!wanted || color == Color::plain) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", escape_of(color), text);
}

std::string printable(std::string_view text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    // C1 controls are two octets in UTF-8, C2 80 to C2 9F.
    const bool is_c1 = octet == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) ++i;
    if (octet < ' ' || octet == 0x7F || is_c1) {
      safe += "\uFFFD";
    } else {
      safe += text[i];
    }
  }
  return safe;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      while (i < text.size() && text[i] != 'm') ++i;
      continue;
    }
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) ++columns;  // not the rest of a UTF-8 character
  }
  return columns;
}

}  // namespace rollcall::cli
