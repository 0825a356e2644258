#include "tools/rollcall/watch_view.h"

#include <algorithm>
#include <fmt/format.h>

#include "tools/rollcall/template_names.h"

namespace rollcall::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t k_bar_cells = 10;
constexpr std::size_t k_id_columns_max = 40;
constexpr seconds k_fresh{3};                   // an event is shown in bold for this time
constexpr std::size_t k_lines_beside_rows = 3;  // title, headings, how many more there are

std::string repeat(std::string_view text, std::int64_t count) {
  std::string repeated;
  for (std::int64_t i = 0; i < count; ++i) repeated += text;
  return repeated;
}

// The first `columns` of a plain text.
std::string cut(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::string kept;
  std::size_t taken = 0;
  for (const char octet : text) {
    const bool begins_character = (static_cast<unsigned char>(octet) & 0xC0U) != 0x80U;
    if (begins_character && taken++ == columns) break;
    kept += octet;
  }
  return kept;
}

std::string age_text(milliseconds age) {
  const auto whole = std::chrono::floor<seconds>(age).count();
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m", whole / 60);
  return fmt::format("{}h", whole / 3600);
}

Color color_of(std::string_view status) {
  if (status == "ready") return Color::green;
  return status == "draining" ? Color::yellow : Color::red;
}

bool is_farewell(std::string_view kind) { return kind == "deregistered" || kind == "expired"; }

milliseconds since(WatchView::Time then, WatchView::Time now) {
  return std::chrono::floor<milliseconds>(std::max(now - then, WatchView::Time::duration::zero()));
}

}  // namespace

std::string lease_bar(milliseconds left, milliseconds ttl, bool has_utf8) {
  const milliseconds kept = std::clamp(left, milliseconds(0), ttl);
  // Rounds up, so that the bar is empty only after the lease has expired.
  const std::int64_t full = ttl.count() == 0 ? 0 : (kept.count() * k_bar_cells + ttl.count() - 1) / ttl.count();
  return fmt::format("{}{} {}", repeat(has_utf8 ? "█" : "#", full), repeat(has_utf8 ? "░" : "-", k_bar_cells - full),
                     age_text(kept));
}

void WatchView::show(const Service& service, Time now) {
  for (auto& [key, row] : rows_) {
    if (key.first != service.name || row.is_gone()) continue;
    const bool is_there = std::ranges::find(service.instances, key.second, &Instance::id) != service.instances.end();
    if (!is_there) row.gone_at = now;
  }
  for (const Instance& instance : service.instances) {
    Row& row = rows_[{service.name, instance.id}];
    row.instance = instance;
    row.expires_at = now + instance.expires_in;
    row.gone_at = {};
  }
  std::erase_if(rows_, [&](const auto& entry) {
    return entry.second.is_gone() && since(entry.second.gone_at, now) >= k_farewell;
  });
}

void WatchView::forget_services_but(const std::vector<std::string>& names) {
  std::erase_if(rows_, [&](const auto& entry) { return std::ranges::find(names, entry.first.first) == names.end(); });
}

void WatchView::note(const RollEvent& event, Time now) {
  const auto found = rows_.find({event.service, event.id});
  if (found == rows_.end() && is_farewell(event.kind)) return;
  Row& row = found == rows_.end() ? rows_[{event.service, event.id}] : found->second;
  row.last_event = event.cause.empty() ? event.kind : event.cause;
  row.last_event_at = now;
  row.gone_at = is_farewell(event.kind) ? now : Time{};
}

WatchView::Cells WatchView::cells_of(const std::string& service, const Row& row, const Frame& frame, Time now) const {
  const Instance& instance = row.instance;
  const milliseconds left = std::chrono::ceil<milliseconds>(row.expires_at - now);
  const std::string event =
      row.last_event.empty() ? "" : fmt::format("{} {} ago", row.last_event, age_text(since(row.last_event_at, now)));
  const std::string address =
      instance.addresses.empty() ? "" : endpoint_text(instance.addresses.front(), instance.port);
  if (row.is_gone()) {
    return {{Color::dim, printable(service)},
            {Color::dim, cut(printable(instance.id), k_id_columns_max)},
            {Color::dim, "gone"},
            {Color::dim, printable(address)},
            {Color::dim, ""},
            {Color::dim, printable(event)}};
  }
  const bool is_late = left * 3 < instance.ttl;
  const bool is_fresh = !event.empty() && since(row.last_event_at, now) < k_fresh;
  return {{Color::plain, printable(service)},
          {Color::bold, cut(printable(instance.id), k_id_columns_max)},
          {color_of(instance.status), printable(instance.status)},
          {Color::plain, printable(address)},
          {is_late ? Color::yellow : Color::plain,
           instance.ttl == milliseconds(0) ? "no lease" : lease_bar(left, instance.ttl, frame.has_utf8)},
          {is_fresh ? Color::bold : Color::dim, printable(event)}};
}

std::string WatchView::title_line(const Frame& frame) const {
  std::size_t ready = 0, total = 0;
  for (const auto& [key, row] : rows_) {
    if (row.is_gone()) continue;
    ++total;
    if (row.instance.status == "ready") ++ready;
  }
  const std::string counts = fmt::format("{}: {} ready of {}", title_, ready, total);
  if (remark_.empty()) return colored(frame.is_colored, Color::bold, cut(counts, frame.columns));
  return colored(frame.is_colored, Color::red, cut(counts + "; " + printable(remark_), frame.columns));
}

std::vector<std::string> WatchView::services_in(const Frame& frame) const {
  std::vector<std::string> names;
  std::size_t room = frame.rows;
  for (const auto& [key, row] : rows_) {
    if (room-- == 0) break;
    if (names.empty() || names.back() != key.first) names.push_back(key.first);
  }
  return names;
}

std::vector<std::string> WatchView::draw(const Frame& frame, Time now) const {
  const std::size_t room = frame.rows > k_lines_beside_rows ? frame.rows - k_lines_beside_rows : 1;
  std::vector<Cells> table;
  table.emplace_back();
  for (const char* heading : {"SERVICE", "INSTANCE", "STATE", "ADDRESS", "LEASE", "LAST EVENT"}) {
    table.front().emplace_back(Color::dim, heading);
  }
  for (const auto& [key, row] : rows_) {
    if (table.size() > room) break;
    table.push_back(cells_of(key.first, row, frame, now));
  }
  std::vector<std::size_t> widths(table.front().size());
  for (const Cells& cells : table) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], columns_of(cells[i].second));
  }
  std::vector<std::string> lines{title_line(frame)};
  for (const Cells& cells : table) {
    std::string line;
    std::size_t at = 0;
    for (std::size_t i = 0; i < cells.size() && at < frame.columns; ++i) {
      const std::string padded = cells[i].second + std::string(widths[i] - columns_of(cells[i].second), ' ');
      const std::string shown = cut(i + 1 == cells.size() ? cells[i].second : padded + "  ", frame.columns - at);
      line += colored(frame.is_colored, cells[i].first, shown);
      at += columns_of(shown);
    }
    lines.push_back(std::move(line));
  }
  if (rows_.size() > room) lines.push_back(cut(fmt::format("… and {} more", rows_.size() - room), frame.columns));
  return lines;
}

}  // namespace rollcall::cli
