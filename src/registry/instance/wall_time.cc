#include "registry/instance/wall_time.h"

#include <chrono>
#include <cstddef>
#include <fmt/format.h>

#include "base/limits.h"

namespace rollcall::registry {
namespace {

// Takes what it reads off the front of the text; once something is not as it must be, it stays failed.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool is_done() const { return ok_ && text_.empty(); }
  int number(std::size_t digits, int min, int max) {
    int value = 0;
    ok_ = ok_ && text_.size() >= digits;
    for (std::size_t i = 0; ok_ && i < digits; ++i) {
      ok_ = is_digit(text_[i]);
      value = value * 10 + (text_[i] - '0');
    }
    ok_ = ok_ && value >= min && value <= max;
    if (ok_) text_.remove_prefix(digits);
    return ok_ ? value : min;
  }
  // One of these characters; NUL where it is none.
  char any_of(std::string_view characters) {
    ok_ = ok_ && !text_.empty() && characters.contains(text_.front());
    if (!ok_) return '\0';
    const char found = text_.front();
    text_.remove_prefix(1);
    return found;
  }
  [[nodiscard]] bool begins_with(char c) const { return ok_ && text_.starts_with(c); }
  int milliseconds() {
    std::size_t digits = 0;
    int value = 0;
    for (; digits < text_.size() && is_digit(text_[digits]); ++digits) {
      if (digits < 3) value = value * 10 + (text_[digits] - '0');
    }
    ok_ = ok_ && digits > 0;
    text_.remove_prefix(digits);
    for (; digits < 3; ++digits) value *= 10;
    return value;
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

WallTime wall_now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

std::string format_wall_time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<WallTime> parse_wall_time(std::string_view text) {
  TimeReader in(text);
  const int year = in.number(4, 1969, 9999);  // an offset may lead into 1970
  in.any_of("-");
  const int month = in.number(2, 1, 12);
  in.any_of("-");
  const int day = in.number(2, 1, 31);
  in.any_of("Tt ");
  const int hour = in.number(2, 0, 23);
  in.any_of(":");
  const int minute = in.number(2, 0, 59);
  in.any_of(":");
  const int second = in.number(2, 0, 60);  // a leap second is the first of the next minute
  int millisecond = 0;
  if (in.begins_with('.')) {
    in.any_of(".");
    millisecond = in.milliseconds();
  }
  std::chrono::minutes offset(0);
  if (const char sign = in.any_of("Zz+-"); sign == '+' || sign == '-') {
    const int hours = in.number(2, 0, 23);
    in.any_of(":");
    offset = std::chrono::hours(hours) + std::chrono::minutes(in.number(2, 0, 59));
    if (sign == '-') offset = -offset;
  }
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!in.is_done() || !date.ok()) return std::nullopt;
  const WallTime time = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                        std::chrono::seconds(second) + std::chrono::milliseconds(millisecond) - offset;
  if (time < WallTime{} || time.time_since_epoch() > limits::k_stored_time_max) return std::nullopt;
  return time;
}

}  // namespace rollcall::registry
