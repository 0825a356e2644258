#include "health/check_result.h"

#include <array>
#include <cstring>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::health {
namespace {

constexpr std::array<std::string_view, 3> k_statuses{"passing", "warning", "critical"};
constexpr std::array<std::string_view, 5> k_kinds{"plan", "run", "ttl", "told", "maintenance"};

template <class Enum, std::size_t n>
std::optional<Enum> find(const std::array<std::string_view, n>& texts, std::string_view text) {
  const auto found = std::ranges::find(texts, text);
  if (found == texts.end()) return std::nullopt;
  return static_cast<Enum>(found - texts.begin());
}

template <class T>
T take(const char*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

template <class T>
char* put(T value, char* at) {
  std::memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

char* put_text(std::string_view text, char* at) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

constexpr std::size_t k_fixed_bytes = 1 + 1 + 8 + 8 + 8 + 2 + 1 + 1;

}  // namespace

std::string_view to_text(CheckStatus status) { return k_statuses.at(static_cast<std::size_t>(status)); }
std::string_view to_text(CheckKind kind) { return k_kinds.at(static_cast<std::size_t>(kind)); }
std::optional<CheckStatus> parse_check_status(std::string_view text) { return find<CheckStatus>(k_statuses, text); }
std::optional<CheckKind> parse_check_kind(std::string_view text) { return find<CheckKind>(k_kinds, text); }

CheckResult* find_result(CheckResults& results, std::string_view id) {
  const auto found = std::ranges::find(results, id, &CheckResult::id);
  return found == results.end() ? nullptr : &*found;
}

const CheckResult* find_result(const CheckResults& results, std::string_view id) {
  const auto found = std::ranges::find(results, id, &CheckResult::id);
  return found == results.end() ? nullptr : &*found;
}

void put_result(CheckResults& results, CheckResult result, LeaseTime now) {
  check(!result.id.empty() && result.id.size() <= limits::k_door_id_bytes_max, "a check has an id");
  check(result.output.size() <= limits::k_result_output_bytes_max, "an output is cut before it is kept");
  CheckResult* known = find_result(results, result.id);
  if (known != nullptr && known->status == result.status) {
    result.since = known->since;
    if (known->ends_after == result.ends_after) result.ends_at = known->ends_at;
  }
  const bool may_end = result.status == CheckStatus::critical && result.ends_after > std::chrono::milliseconds::zero();
  if (!may_end) {
    result.ends_at = LeaseTime::max();
  } else if (result.ends_at == LeaseTime::max()) {
    result.ends_at = now + result.ends_after;
  }
  if (known != nullptr) {
    *known = std::move(result);
  } else {
    results.push_back(std::move(result));
  }
}

void remove_result(CheckResults& results, std::string_view id) {
  std::erase_if(results, [&](const CheckResult& result) { return result.id == id; });
}

namespace packed {

ResultView Result::read(const char* at) {
  ResultView view{};
  view.kind = static_cast<CheckKind>(take<std::uint8_t>(at));
  view.status = static_cast<CheckStatus>(take<std::uint8_t>(at));
  view.since = WallTime(std::chrono::milliseconds(take<std::int64_t>(at)));
  view.ends_after = std::chrono::milliseconds(take<std::int64_t>(at));
  view.ends_at = LeaseTime(std::chrono::nanoseconds(take<std::int64_t>(at)));
  const auto output_bytes = take<std::uint16_t>(at);
  const auto id_bytes = take<std::uint8_t>(at);
  const auto name_bytes = take<std::uint8_t>(at);
  view.id = {at, id_bytes};
  view.name = {at + id_bytes, name_bytes};
  view.output = {at + id_bytes + name_bytes, output_bytes};
  return view;
}

std::size_t Result::size_at(const char* at) {
  const ResultView view = read(at);
  return k_fixed_bytes + view.id.size() + view.name.size() + view.output.size();
}

std::size_t Result::size_of(const CheckResult& result) {
  return k_fixed_bytes + result.id.size() + result.name.size() + result.output.size();
}

char* Result::write(const CheckResult& result, char* at) {
  check(result.id.size() <= 0xff && result.name.size() <= 0xff && result.output.size() <= 0xffff,
        "the texts of a check have been measured");
  const char* const begin = at;
  at = put(static_cast<std::uint8_t>(result.kind), at);
  at = put(static_cast<std::uint8_t>(result.status), at);
  at = put<std::int64_t>(result.since.time_since_epoch().count(), at);
  at = put<std::int64_t>(result.ends_after.count(), at);
  at = put<std::int64_t>(result.ends_at.time_since_epoch().count(), at);
  at = put(static_cast<std::uint16_t>(result.output.size()), at);
  at = put(static_cast<std::uint8_t>(result.id.size()), at);
  at = put(static_cast<std::uint8_t>(result.name.size()), at);
  at = put_text(result.output, put_text(result.name, put_text(result.id, at)));
  check(static_cast<std::size_t>(at - begin) == size_of(result), "a check takes the room that was made for it");
  return at;
}

}  // namespace packed

}  // namespace rollcall::health
