// Full-screen terminal output, redrawn repeatedly; restores the terminal at the end.
//
// Shape    between enter() and leave() it uses the alternate screen, with the cursor hidden and echo off. The
//          destructor calls leave().
// Threads  one thread, and one Screen in a program.
// Source   xterm control sequences (1049: alternate screen, 25: cursor); termios(3).
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
  // Replaces the previous frame.
  void show(const std::vector<std::string>& lines) const;

  struct Size {
    std::size_t columns;
    std::size_t rows;
  };
  [[nodiscard]] static Size size();

  // take_key(): a key that was pressed; 0: none. input(): a descriptor, readable when there is a key; -1: no keyboard.
  [[nodiscard]] char take_key() const;
  [[nodiscard]] int input() const;

 private:
  bool is_entered_ = false;
  bool has_terminal_input_ = false;
  termios before_{};
};

// Whether the character set of the locale is UTF-8.
[[nodiscard]] bool has_utf8_locale();

}  // namespace rollcall::cli
