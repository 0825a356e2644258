#include "base/log.h"

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

// %* in the JSON pattern: the message as the inside of a JSON string (RFC 8259 §7).
class JsonEscapedMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    for (const char c : message.payload) {
      if (c == '"' || c == '\\') {
        out.push_back('\\');
        out.push_back(c);
      } else if (static_cast<unsigned char>(c) < 0x20) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out.push_back(c);
      }
    }
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonEscapedMessage>();
  }
};

std::unique_ptr<spdlog::formatter> formatter_of(Format format) {
  if (format == Format::text) {
    return std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %-5l %v", spdlog::pattern_time_type::utc);
  }
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JsonEscapedMessage>('*').set_pattern(
      R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%*"})");
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

bool enabled(Level level) { return the_logger().should_log(to_spdlog(level)); }

void write(Level level, std::string_view message) {
  the_logger().log(to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace rollcall::log
