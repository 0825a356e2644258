// The log: lines on stderr, as text or JSON. The only door to spdlog.
//
// Threads  any; a line is written by the thread that says it, at once but inside a Together. Not for the way of a query.
// Lines    a message is one line, whatever it holds: controls, line separators and octets that are no UTF-8 are escaped by the
//          formatter, in text as \xNN, in JSON as \uNNNN. Nobody who says something has to escape what it quotes.
// Rule     whoever maps an error outwards logs it, once; the rooms inside stay silent.
#pragma once

#include <chrono>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error };
enum class Format : std::uint8_t { text, json };

[[nodiscard]] std::optional<Level> parse_level(std::string_view text);  // "trace" … "error"

// At start-up, and again at a reload, while other threads may be writing. Before the first call: info, as text.
void set_up(Level level, Format format);

// A text as the log writes it: for what is said on stderr before, or instead of, the log.
[[nodiscard]] std::string one_line(std::string_view text);

[[nodiscard]] bool enabled(Level level);
void write(Level level, std::string_view message);

// Joins many lines into one write: while a Together lives, the lines of its thread are collected, and written at its end, or
// earlier when they have become long. Lines of other threads may come before and after that write, never inside a line.
class Together {
 public:
  Together();
  ~Together();
  Together(const Together&) = delete;
  Together& operator=(const Together&) = delete;
};

// For a line that any packet could cause: logged once in k_said_again_after, and the next one says how many were left out.
// Threads: one.
class Seldom {
 public:
  // How many lines were left out since the last one; empty: this one is left out as well.
  [[nodiscard]] std::optional<std::uint64_t> is_due(std::chrono::steady_clock::time_point now);

 private:
  std::optional<std::chrono::steady_clock::time_point> said_at_;
  std::uint64_t left_out_ = 0;
};

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace rollcall::log
