// The terminal as a page that is drawn again and again, and given back as it was.
//
// Shape    between enter() and leave() it shows frames on the terminal's other screen, without cursor and echo. The
//          destructor leaves.
// Threads  one, and one Screen in a program.
// Source   xterm's control sequences (1049, 25); termios(3).
#pragma once

#include <string>
#include <termios.h>
#include <vector>

namespace rollcall::cli {

class Screen {
 public:
  Screen() { enter(); }
  ~Screen() { leave(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void enter();
  void leave();
  // In place of what there was.
  void show(const std::vector<std::string>& lines) const;

  struct Size {
    std::size_t columns;
    std::size_t rows;
  };
  [[nodiscard]] static Size size();

  // A key that was pressed; 0: none. The descriptor is readable when there is one; -1 where there is no keyboard.
  [[nodiscard]] char take_key() const;
  [[nodiscard]] int input() const;

 private:
  bool is_entered_ = false;
  bool has_terminal_input_ = false;
  termios before_{};
};

// Whether the locale has more than ASCII.
[[nodiscard]] bool has_utf8_locale();

}  // namespace rollcall::cli
