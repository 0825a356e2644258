// What `rollcall watch` shows on a terminal: a row for each instance, with a bar for the time left of its lease.
//
// Shape    no I/O: takes services and events, returns a frame of text. An instance that has left stays visible, dimmed,
//          for k_farewell.
// Time     passed as an argument.
// Threads  not thread-safe: one thread.
#pragma once

#include <chrono>
#include <cstddef>
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
  // What happened to an instance before the watch began: only where nothing newer is known of it.
  void recall(const RollEvent& event, Time at);

  // By service and id; by state, the worst first; by what is left of the lease.
  enum class Sort : std::uint8_t { name, state, lease };
  void sort_by_next() { sort_ = static_cast<Sort>((static_cast<int>(sort_) + 1) % 3); }
  // Only rows that have this text in service, id, state or address; empty: all.
  void set_filter(std::string text) { filter_ = std::move(text); }
  // Moves the first row that is shown, within what there is.
  void scroll(std::ptrdiff_t rows);

  // Shown until it is empty again.
  void set_remark(std::string remark) { remark_ = std::move(remark); }

  // At most frame.rows lines of at most frame.columns, without a line end after the last.
  [[nodiscard]] std::vector<std::string> draw(const Frame& frame, Time now) const;
  // The services that fit into the frame: the caller reads only these again.
  [[nodiscard]] std::vector<std::string> services_in(const Frame& frame) const;

 private:
  struct Row {
    Instance instance;
    Time expires_at{};
    std::string last_event;
    Time last_event_at{};
    Time gone_at{};  // zero: it has not left
    [[nodiscard]] bool is_gone() const { return gone_at != Time{}; }
  };
  using Cells = std::vector<std::pair<Color, std::string>>;
  using Entry = std::pair<const std::pair<std::string, std::string>, Row>;

  [[nodiscard]] Cells cells_of(const std::string& service, const Row& row, const Frame& frame, Time now) const;
  [[nodiscard]] std::string title_line(const Frame& frame) const;
  [[nodiscard]] std::vector<const Entry*> ordered() const;
  [[nodiscard]] bool is_wanted(const Entry& entry) const;

  std::string title_;
  std::string remark_;
  std::string filter_;
  Sort sort_ = Sort::name;
  std::size_t first_ = 0;                                    // the row at the top
  std::map<std::pair<std::string, std::string>, Row> rows_;  // by service and id
};

// Text that is too wide keeps its beginning and its end: "web-7f9c…-x2k4p".
[[nodiscard]] std::string shortened(std::string_view text, std::size_t columns, bool has_utf8);

// "█████░░░░░ 12s"
[[nodiscard]] std::string lease_bar(std::chrono::milliseconds left, std::chrono::milliseconds ttl, bool has_utf8);

}  // namespace rollcall::cli
