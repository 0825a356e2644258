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

// For who has many lines to say at once: while one lives, what its thread says is kept back, and written in one go at its
// end, or as soon as it is long. Lines of other threads may come in between those of before and after, never inside one.
class Together {
 public:
  Together();
  ~Together();
  Together(const Together&) = delete;
  Together& operator=(const Together&) = delete;
};

// For a line that any packet, or any check, could give a reason for: one in k_said_again_after, and the next says how
// many were left out. Threads: one.
class Seldom {
 public:
  // How many times it was not due since it was last; empty: not now.
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
