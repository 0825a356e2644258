#include "base/log.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <mutex>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/printable.h"

namespace rollcall::log {
namespace {

constexpr std::array<std::pair<std::string_view, Level>, 5> k_levels{{{"trace", Level::trace},
                                                                      {"debug", Level::debug},
                                                                      {"info", Level::info},
                                                                      {"warn", Level::warn},
                                                                      {"error", Level::error}}};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::trace: return spdlog::level::trace;
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

void append(spdlog::memory_buf_t& out, std::string_view text) { out.append(text.data(), text.data() + text.size()); }

template <class... Args>
void append_format(spdlog::memory_buf_t& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

// In a line of text: each octet of what is no printable character as \xNN.
void append_to_text(spdlog::memory_buf_t& out, std::string_view character, bool is_shown) {
  if (is_shown) return append(out, character);
  for (const char c : character) append_format(out, "\\x{:02x}", static_cast<unsigned char>(c));
}

// Inside a JSON string (RFC 8259 §7), which is UTF-8: controls as \uNNNN, what is no character as U+FFFD.
void append_to_json(spdlog::memory_buf_t& out, std::string_view character, bool is_shown) {
  if (character == "\"" || character == "\\") return append_format(out, "\\{}", character);
  if (is_shown) return append(out, character);
  const auto bits = [&](std::size_t at, unsigned mask) { return static_cast<unsigned char>(character[at]) & mask; };
  unsigned code = 0xfffd;
  if (utf8_length(character) == 1) code = bits(0, 0x7f);
  if (character.size() == 2) code = bits(0, 0x1f) << 6 | bits(1, 0x3f);
  if (character.size() == 3) code = bits(0, 0x0f) << 12 | bits(1, 0x3f) << 6 | bits(2, 0x3f);
  append_format(out, "\\u{:04x}", code);
}

// %* in the patterns: the message, whatever it holds, as a piece of one line. No place that says something has to think of
// it: ids, outputs of checks and whatever else comes from outside pass through here, and there is no other way to stderr.
class OneLine final : public spdlog::custom_flag_formatter {
 public:
  using Append = void (*)(spdlog::memory_buf_t& out, std::string_view character, bool is_shown);
  explicit OneLine(Append append_character) : append_character_(append_character) {}

  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    std::string_view rest(message.payload.data(), message.payload.size());
    if (append_character_ == &append_to_text && is_plain(rest)) return append(out, rest);
    while (!rest.empty()) {
      const std::size_t length = utf8_length(rest);
      const std::string_view character = rest.substr(0, std::max<std::size_t>(1, length));
      append_character_(out, character, length > 0 && !is_control(character));
      rest.remove_prefix(character.size());
    }
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<OneLine>(append_character_);
  }

 private:
  Append append_character_;
};

std::unique_ptr<spdlog::formatter> formatter_of(Format format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  if (format == Format::text) {
    formatter->add_flag<OneLine>('*', &append_to_text).set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %-5l %*");
  } else {
    formatter->add_flag<OneLine>('*', &append_to_json)
        .set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%*"})");
  }
  return formatter;
}

constexpr std::size_t k_kept_back_bytes_max = std::size_t{64} << 10;

// Lines of this thread that wait for the end of its Together.
struct KeptBack {
  std::string lines;
  unsigned depth = 0;
};
thread_local KeptBack kept_back;

void write_lines(std::string_view lines) { std::fwrite(lines.data(), 1, lines.size(), stderr); }

void write_kept_back() {
  write_lines(kept_back.lines);
  kept_back.lines.clear();
}

class StandardError final : public spdlog::sinks::base_sink<std::mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const std::string_view text(line.data(), line.size());
    if (kept_back.depth == 0) return write_lines(text);
    kept_back.lines += text;
    if (kept_back.lines.size() >= k_kept_back_bytes_max) write_kept_back();
  }
  void flush_() override {}  // nothing is buffered in stderr
};

// Made once and changed in place: other threads may be writing through it while a reload sets it up again.
spdlog::logger& the_logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("rollcall", std::make_shared<StandardError>());
    made->set_formatter(formatter_of(Format::text));
    return made;
  }();
  return *logger;
}

}  // namespace

Together::Together() { ++kept_back.depth; }

Together::~Together() {
  if (--kept_back.depth == 0 && !kept_back.lines.empty()) write_kept_back();
}

std::optional<std::uint64_t> Seldom::is_due(std::chrono::steady_clock::time_point now) {
  if (said_at_ && now - *said_at_ < limits::k_said_again_after) {
    ++left_out_;
    return std::nullopt;
  }
  said_at_ = now;
  return std::exchange(left_out_, 0);
}

std::optional<Level> parse_level(std::string_view text) {
  for (const auto& [name, level] : k_levels) {
    if (name == text) return level;
  }
  return std::nullopt;
}

void set_up(Level level, Format format) {
  spdlog::logger& logger = the_logger();
  logger.set_formatter(formatter_of(format));
  logger.set_level(to_spdlog(level));
}

std::string one_line(std::string_view text) {
  spdlog::memory_buf_t line;
  const spdlog::details::log_msg message({}, spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
  OneLine(&append_to_text).format(message, {}, line);
  return {line.data(), line.size()};
}

bool enabled(Level level) { return the_logger().should_log(to_spdlog(level)); }

void write(Level level, std::string_view message) {
  the_logger().log(to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace rollcall::log
