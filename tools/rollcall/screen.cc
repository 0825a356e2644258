#include "tools/rollcall/screen.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace rollcall::cli {
namespace {

void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void Screen::enter() {
  if (is_entered_) return;
  is_entered_ = true;
  has_terminal_input_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
  if (has_terminal_input_) {
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);
    quiet.c_cc[VMIN] = 0;
    quiet.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
  }
  put("\x1b[?1049h\x1b[?25l\x1b[2J");
}

void Screen::leave() {
  if (!is_entered_) return;
  is_entered_ = false;
  put("\x1b[0m\x1b[?25h\x1b[?1049l");
  if (has_terminal_input_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

// Overwrites each line and clears its rest, instead of clearing the screen: this avoids flicker.
void Screen::show(const std::vector<std::string>& lines) const {
  if (!is_entered_) return;
  std::string frame = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) frame += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
  put(frame + "\x1b[J");
}

Screen::Size Screen::size() {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0) return {80, 24};
  return {window.ws_col, window.ws_row};
}

int Screen::input() const { return has_terminal_input_ ? STDIN_FILENO : -1; }

char Screen::take_key() const {
  char key = 0;
  return has_terminal_input_ && ::read(STDIN_FILENO, &key, 1) == 1 ? key : '\0';
}

bool has_utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::strstr(value, "UTF-8") != nullptr || std::strstr(value, "utf8") != nullptr;
  }
  return false;
}

}  // namespace rollcall::cli
