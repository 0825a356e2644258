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

enum Column : std::size_t { k_service, k_id, k_state, k_address, k_lease, k_event };
constexpr std::size_t k_gap = 2;  // between columns

// Takes what is too much from one column, down to `least`.
void narrow(std::size_t& width, std::size_t least, std::size_t& too_much) {
  const std::size_t taken = std::min(too_much, width > least ? width - least : 0);
  width -= taken;
  too_much -= taken;
}

// State and lease are always whole: ids are shortened first, then services; then the address is left out.
void fit(std::vector<std::size_t>& widths, std::size_t columns) {
  constexpr std::size_t k_id_least = 16;
  constexpr std::size_t k_service_least = 8;
  constexpr std::size_t k_least = 3;
  constexpr std::size_t k_event_wanted = 14;  // of the last event, where shorter ids make room for it
  const auto taken = [&] {
    std::size_t all = 0;
    for (std::size_t i = 0; i <= k_lease; ++i) all += widths[i] == 0 ? 0 : widths[i] + k_gap;
    return all;
  };
  const auto excess = [&] { return taken() > columns + k_gap ? taken() - columns - k_gap : std::size_t{0}; };
  std::size_t too_much = excess() + std::min(widths[k_event], k_event_wanted) + k_gap;
  if (const std::size_t slack = columns + k_gap - std::min(columns + k_gap, taken()); excess() == 0) {
    too_much -= std::min(too_much, slack);
  }
  narrow(widths[k_id], k_id_least, too_much);
  narrow(widths[k_service], k_service_least, too_much);
  if (excess() == 0) return;
  widths[k_address] = 0;
  too_much = excess();
  narrow(widths[k_id], k_service_least, too_much);
  narrow(widths[k_service], k_least, too_much);
  narrow(widths[k_id], k_least, too_much);
}

std::string last_of(std::string_view text, std::size_t columns) {
  std::size_t skipped = columns_of(text) - std::min(columns, columns_of(text));
  std::size_t at = 0;
  while (skipped > 0 && at < text.size()) {
    do {
      ++at;
    } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
    --skipped;
  }
  return std::string(text.substr(at));
}

}  // namespace

std::string shortened(std::string_view text, std::size_t columns, bool has_utf8) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns < 3) return cut(text, columns);
  const std::size_t head = columns / 2;
  return cut(text, head) + (has_utf8 ? "…" : "~") + last_of(text, columns - head - 1);
}

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

void WatchView::recall(const RollEvent& event, Time at) {
  const auto found = rows_.find({event.service, event.id});
  if (found == rows_.end() || !found->second.last_event.empty()) return;
  found->second.last_event = event.cause.empty() ? event.kind : event.cause;
  found->second.last_event_at = at;
}

void WatchView::scroll(std::ptrdiff_t rows) {
  const auto most = static_cast<std::ptrdiff_t>(ordered().size()) - 1;
  first_ = static_cast<std::size_t>(
      std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(first_) + rows, 0, std::max<std::ptrdiff_t>(most, 0)));
}

bool WatchView::is_wanted(const Entry& entry) const {
  const Instance& instance = entry.second.instance;
  const auto has_it = [&](std::string_view text) { return text.find(filter_) != std::string_view::npos; };
  return filter_.empty() || has_it(entry.first.first) || has_it(entry.first.second) || has_it(instance.status) ||
         std::ranges::any_of(instance.addresses, has_it);
}

std::vector<const WatchView::Entry*> WatchView::ordered() const {
  std::vector<const Entry*> entries;
  for (const Entry& entry : rows_) {
    if (is_wanted(entry)) entries.push_back(&entry);
  }
  const auto rank = [](const Entry* entry) {
    if (entry->second.instance.status == "critical") return 0;
    return entry->second.instance.status == "draining" ? 1 : 2;
  };
  if (sort_ == Sort::state) std::ranges::stable_sort(entries, {}, rank);
  if (sort_ == Sort::lease)
    std::ranges::stable_sort(entries, {}, [](const Entry* entry) { return entry->second.expires_at; });
  return entries;
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
            {Color::dim, shortened(printable(instance.id), k_id_columns_max, frame.has_utf8)},
            {Color::dim, "gone"},
            {Color::dim, printable(address)},
            {Color::dim, ""},
            {Color::dim, printable(event)}};
  }
  const bool is_late = left * 3 < instance.ttl;
  const bool is_fresh = !event.empty() && since(row.last_event_at, now) < k_fresh;
  return {{Color::plain, printable(service)},
          {Color::bold, shortened(printable(instance.id), k_id_columns_max, frame.has_utf8)},
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
  const std::vector<const Entry*> entries = ordered();
  for (std::size_t i = std::min(first_, entries.size()); i < std::min(entries.size(), first_ + frame.rows); ++i) {
    if (std::ranges::find(names, entries[i]->first.first) == names.end()) names.push_back(entries[i]->first.first);
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
  const std::vector<const Entry*> entries = ordered();
  const std::size_t first = std::min(first_, entries.empty() ? 0 : entries.size() - 1);
  for (std::size_t i = first; i < entries.size() && table.size() <= room; ++i) {
    table.push_back(cells_of(entries[i]->first.first, entries[i]->second, frame, now));
  }
  std::vector<std::size_t> widths(table.front().size());
  for (const Cells& cells : table) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], columns_of(cells[i].second));
  }
  fit(widths, frame.columns);
  std::vector<std::string> lines{title_line(frame)};
  for (const Cells& cells : table) {
    std::string line;
    std::size_t at = 0;
    for (std::size_t i = 0; i < cells.size() && at < frame.columns; ++i) {
      if (widths[i] == 0) continue;
      const std::string cell = shortened(cells[i].second, widths[i], frame.has_utf8);
      const std::string padded = cell + std::string(widths[i] - columns_of(cell) + k_gap, ' ');
      const std::string shown = cut(i + 1 == cells.size() ? cells[i].second : padded, frame.columns - at);
      line += colored(frame.is_colored, cells[i].first, shown);
      at += columns_of(shown);
    }
    lines.push_back(std::move(line));
  }
  if (entries.size() > first + room) {
    lines.push_back(cut(fmt::format("… and {} more", entries.size() - first - room), frame.columns));
  }
  return lines;
}

}  // namespace rollcall::cli
