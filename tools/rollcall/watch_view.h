// What `rollcall watch` shows on a terminal: a row for each instance, with what is left of its lease as a bar.
//
// Shape    pure: what is known goes in, a frame of text comes out. Who has left stays for k_farewell, dim.
// Time     an argument.
// Threads  one.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/rollcall/follower.h"
#include "tools/rollcall/roll.h"
#include "tools/rollcall/terminal.h"

namespace rollcall::cli {

struct Frame {
  std::size_t columns = 80;
  std::size_t rows = 24;
  bool is_colored = false;
  bool has_utf8 = true;
};

class WatchView {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds k_farewell{10};

  explicit WatchView(std::string title) : title_(std::move(title)) {}

  // All of a service's instances, as they were read now.
  void show(const Service& service, Time now);
  void forget_services_but(const std::vector<std::string>& names);
  void note(const RollEvent& event, Time now);
  // Shown until it is empty again.
  void set_remark(std::string remark) { remark_ = std::move(remark); }

  // At most frame.rows lines of at most frame.columns, without a line end after the last.
  [[nodiscard]] std::vector<std::string> draw(const Frame& frame, Time now) const;
  // Of those that fit, for whoever reads them again.
  [[nodiscard]] std::vector<std::string> services_in(const Frame& frame) const;

 private:
  struct Row {
    Instance instance;
    Time expires_at{};
    std::string last_event;
    Time last_event_at{};
    Time gone_at{};  // the beginning of time: it is there
    [[nodiscard]] bool is_gone() const { return gone_at != Time{}; }
  };
  using Cells = std::vector<std::pair<Color, std::string>>;

  [[nodiscard]] Cells cells_of(const std::string& service, const Row& row, const Frame& frame, Time now) const;
  [[nodiscard]] std::string title_line(const Frame& frame) const;

  std::string title_;
  std::string remark_;
  std::map<std::pair<std::string, std::string>, Row> rows_;  // by service and id
};

// "█████░░░░░ 12s"
[[nodiscard]] std::string lease_bar(std::chrono::milliseconds left, std::chrono::milliseconds ttl, bool has_utf8);

}  // namespace rollcall::cli
