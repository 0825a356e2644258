#include "base/log.h"

#include <cstdio>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "catch.h"

namespace rollcall::log {
namespace {

// Standard error goes to a file of no name until the end.
class StandardError {
 public:
  StandardError() : file_(std::tmpfile()), before_(dup(STDERR_FILENO)) {
    REQUIRE(file_ != nullptr);
    std::fflush(stderr);
    dup2(fileno(file_), STDERR_FILENO);
  }
  ~StandardError() { restore(); }
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;

  std::string written() {
    restore();
    std::rewind(file_);
    std::string text(std::size_t{1} << 20, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file_));
    return text;
  }

 private:
  void restore() {
    if (before_ < 0) return;
    std::fflush(stderr);
    dup2(before_, STDERR_FILENO);
    close(before_);
    before_ = -1;
  }

  std::FILE* file_;
  int before_;
};

TEST_CASE("levels are read by their names, in lower case") {
  CHECK(parse_level("trace") == Level::trace);
  CHECK(parse_level("debug") == Level::debug);
  CHECK(parse_level("info") == Level::info);
  CHECK(parse_level("warn") == Level::warn);
  CHECK(parse_level("error") == Level::error);
  for (const char* text : {"", "INFO", "warning", "err", "critical", "off", "2"}) {
    INFO(text);
    CHECK_FALSE(parse_level(text).has_value());
  }
}

TEST_CASE("what is below the level is not written, and need not be formatted") {
  StandardError captured;
  set_up(Level::warn, Format::text);
  CHECK_FALSE(enabled(Level::info));
  CHECK(enabled(Level::warn));
  info("not {}", "this");
  warn("but {}", "this");
  error("and that");
  const std::string text = captured.written();
  CHECK(text.find("not this") == std::string::npos);
  CHECK(text.find("but this\n") != std::string::npos);
  CHECK(text.find("and that\n") != std::string::npos);
}

TEST_CASE("a line of text has the time in UTC, the level and the message") {
  StandardError captured;
  set_up(Level::debug, Format::text);
  info("listening on {}", "127.0.0.1:8600");
  const std::string text = captured.written();
  INFO(text);
  CHECK(std::regex_match(
      text, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info +listening on 127\.0\.0\.1:8600\n)")));
}

TEST_CASE("a line of JSON escapes what its message holds") {
  StandardError captured;
  set_up(Level::info, Format::json);
  warn("a \"name\" with \\ and {} and {}", '\n', '\x01');
  const std::string text = captured.written();
  INFO(text);
  const std::string::size_type end_of_time = text.find("Z\",");
  REQUIRE(end_of_time != std::string::npos);
  CHECK(text.substr(end_of_time) ==
        "Z\",\"level\":\"warning\",\"message\":\"a \\\"name\\\" with \\\\ and \\u000a and \\u0001\"}\n");
  CHECK(text.starts_with("{\"time\":\"20"));
}

// What a message is written as, without its head and its end of line.
std::string line_of(Format format, std::string_view message) {
  StandardError captured;
  set_up(Level::info, format);
  write(Level::info, message);
  std::string text = captured.written();
  const std::string head = format == Format::text ? "info  " : "\"message\":\"";
  return text.substr(text.find(head) + head.size());
}

TEST_CASE("nothing that a message holds begins a new line, moves a cursor or turns a line around") {
  const std::string_view evil =
      "a\nb\r\x1b[2J\x7f \xc2\x85 \xe2\x80\xa8\xe2\x80\xa9 \xe2\x80\xae\xe2\x81\xa6 \xff\xe6\x97 \xe6\x97\xa5\xc3\xa4";
  CHECK(line_of(Format::text, evil) ==
        "a\\x0ab\\x0d\\x1b[2J\\x7f \\xc2\\x85 \\xe2\\x80\\xa8\\xe2\\x80\\xa9 \\xe2\\x80\\xae\\xe2\\x81\\xa6 "
        "\\xff\\xe6\\x97 "
        "\xe6\x97\xa5\xc3\xa4\n");
  CHECK(line_of(Format::json, evil) ==
        "a\\u000ab\\u000d\\u001b[2J\\u007f \\u0085 \\u2028\\u2029 \\u202e\\u2066 \\ufffd\\ufffd\\ufffd "
        "\xe6\x97\xa5\xc3\xa4\"}\n");
  CHECK(one_line("a\nb") == "a\\x0ab");
}

TEST_CASE("no octet and no pair of octets makes a message more than one line") {
  for (const Format format : {Format::text, Format::json}) {
    std::string all;
    for (int first = 0; first < 256; ++first) {
      for (int second = 0; second < 256; ++second) {
        all += static_cast<char>(first);
        all += static_cast<char>(second);
      }
    }
    const std::string line = line_of(format, all);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(line.find_first_of(std::string("\0\r\x0b\x0c\x1b\x7f", 6)) == std::string::npos);
    CHECK(line.find("\xc2\x85") == std::string::npos);
  }
}

TEST_CASE("a reload of the log's settings tears no line of another thread, and loses none") {
  StandardError captured;
  set_up(Level::info, Format::text);
  constexpr int k_threads = 3;
  constexpr int k_lines = 1'000;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < k_threads; ++thread) {
      threads.emplace_back([] {
        for (int line = 0; line < k_lines; ++line) warn("line {}.", line);
      });
    }
    for (int reload = 0; reload < 200; ++reload) {
      set_up(reload % 2 == 0 ? Level::info : Level::warn, reload % 3 == 0 ? Format::json : Format::text);
    }
  }
  std::istringstream lines(captured.written());
  const std::regex whole(R"(20\S+Z warning line \d+\.|\{"time":"20[^"]+Z","level":"warning","message":"line \d+\."\})");
  int count = 0;
  bool all_whole = true;
  for (std::string line; std::getline(lines, line); ++count) all_whole = all_whole && std::regex_match(line, whole);
  CHECK(all_whole);
  CHECK(count == k_threads * k_lines);
}

TEST_CASE("lines that are said together are written together, in their order") {
  StandardError captured;
  set_up(Level::info, Format::text);
  {
    const Together outer;
    info("one");
    {
      const Together inner;
      info("two");
    }
    std::jthread([] { info("another thread's"); }).join();
    info("three");
  }
  info("four");
  const std::regex whole(
      R"(20\S+Z info  another thread's\n20\S+Z info  one\n20\S+Z info  two\n20\S+Z info  three\n20\S+Z info  four\n)");
  const std::string text = captured.written();
  INFO(text);
  CHECK(std::regex_match(text, whole));
}

TEST_CASE("what is kept back is written when it is much, too") {
  StandardError captured;
  set_up(Level::info, Format::text);
  const Together together;
  for (int line = 0; line < 2; ++line) info("{}", std::string(std::size_t{40} << 10, 'a'));
  CHECK(captured.written().size() > std::size_t{80} << 10);
}

TEST_CASE("the message is not a format") {
  StandardError captured;
  set_up(Level::info, Format::text);
  write(Level::info, "{} %s %v {0}");
  CHECK(captured.written().ends_with(" {} %s %v {0}\n"));
}

}  // namespace
}  // namespace rollcall::log
