#include "registry/events/event.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <utility>

#include "base/limits.h"

namespace rollcall::registry {
namespace {

constexpr std::array<std::pair<EventKind, std::string_view>, k_event_kinds> k_kinds{{
    {EventKind::registered, "registered"},
    {EventKind::updated, "updated"},
    {EventKind::draining, "draining"},
    {EventKind::critical, "critical"},
    {EventKind::ready, "ready"},
    {EventKind::deregistered, "deregistered"},
    {EventKind::expired, "expired"},
}};

constexpr std::array<std::pair<Cause, std::string_view>, 14> k_causes{{
    {Cause::registered, "registered"},
    {Cause::came_back, "renewed after gap"},
    {Cause::changed, "changed"},
    {Cause::drain_started, "drain started"},
    {Cause::drain_ended, "drain ended"},
    {Cause::check_failed, "check failed"},
    {Cause::check_passed, "check passed"},
    {Cause::deregistered, "deregistered"},
    {Cause::lease_ended, "lease expired"},
    {Cause::refused, "probe refused"},
    {Cause::edited, "edited in the database"},
    {Cause::restored, "restored"},
    {Cause::critical_too_long, "critical too long"},
    {Cause::set_aside, "name taken by a zone"},
}};

template <class Pairs, class T>
std::string_view text_of(const Pairs& pairs, T value) {
  const auto found = std::ranges::find(pairs, value, [](const auto& pair) { return pair.first; });
  return found == pairs.end() ? std::string_view{} : found->second;
}

template <class T, std::size_t n>
std::optional<T> value_of(const std::array<std::pair<T, std::string_view>, n>& pairs, std::string_view text) {
  const auto found = std::ranges::find(pairs, text, [](const auto& pair) { return pair.second; });
  return found == pairs.end() ? std::nullopt : std::optional(found->first);
}

}  // namespace

std::string_view to_text(EventKind kind) { return text_of(k_kinds, kind); }
std::string_view to_text(Cause cause) { return text_of(k_causes, cause); }
std::optional<EventKind> parse_event_kind(std::string_view text) { return value_of(k_kinds, text); }
std::optional<Cause> parse_cause(std::string_view text) { return value_of(k_causes, text); }

EventKind kind_of(Status status) {
  switch (status) {
    case Status::ready: return EventKind::ready;
    case Status::draining: return EventKind::draining;
    case Status::critical: return EventKind::critical;
  }
  return EventKind::ready;
}

namespace {

constexpr std::uint32_t k_place_max = (std::uint32_t{1} << k_event_place_bits) - 1;

// The number that the text begins with, which is taken off.
std::optional<std::uint64_t> take_number(std::string_view& text, std::uint64_t max) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number > max) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

std::string to_text(EventId id, EventNumbers numbers) {
  if (numbers == EventNumbers::plain) return std::to_string(id);
  return fmt::format("{}.{}", id >> k_event_place_bits, id & k_place_max);
}

std::optional<EventId> parse_event_id(std::string_view text, EventNumbers numbers) {
  const bool is_paired = numbers == EventNumbers::pairs;
  const std::optional<std::uint64_t> number =
      take_number(text, is_paired ? limits::k_index_max >> k_event_place_bits : limits::k_index_max);
  if (!number) return std::nullopt;
  if (text.empty()) return is_paired ? event_id(*number, k_place_max) : *number;
  if (!is_paired || text.front() != '.') return std::nullopt;
  text.remove_prefix(1);
  const std::optional<std::uint64_t> place = take_number(text, k_place_max);
  if (!place || !text.empty()) return std::nullopt;
  return event_id(*number, static_cast<std::uint32_t>(*place));
}

}  // namespace rollcall::registry
