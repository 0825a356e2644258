#include "registry/events/event.h"

#include <algorithm>
#include <array>
#include <utility>

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

}  // namespace rollcall::registry
