#include "api/native/instances/selection.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <tuple>

#include "base/ascii_case.h"
#include "base/base64.h"
#include "registry/instance/wall_time.h"

namespace rollcall::api::native {
namespace {

using registry::Instance;

constexpr char k_separator = '\n';  // in no name, zone or id
constexpr std::size_t k_parts = 5;  // of a cursor: order, value, service, zone, id

std::string value_of(const Instance& instance, std::string_view field) {
  if (field == "id") return std::string(instance.id());
  if (field == "status") return std::string(registry::to_text(instance.status));
  if (field == "weight") return fmt::format("{:05}", instance.weight());
  if (field == "registered_at") return registry::format_wall_time(instance.registered_at);
  if (field == "status_since") return registry::format_wall_time(instance.status_since());
  return {};
}

std::string text_of(const Order& order) { return (order.is_descending ? "-" : "") + order.field; }

// `folded` is in lower case.
bool has_text(std::string_view text, std::string_view folded) {
  const auto is_equal = [](char a, char b) { return to_lower(a) == b; };
  return !std::ranges::search(text, folded, is_equal).empty() || folded.empty();
}

bool has_text(const Instance& instance, std::string_view folded) {
  if (has_text(instance.service().name, folded) || has_text(instance.id(), folded)) return true;
  for (const std::string_view tag : instance.tags()) {
    if (has_text(tag, folded)) return true;
  }
  for (const auto& [key, value] : instance.meta()) {
    if (has_text(key, folded) || has_text(value, folded)) return true;
  }
  return std::ranges::any_of(instance.addresses(),
                             [&](const IpAddress& address) { return has_text(address.text(), folded); });
}

bool has_pair(const Instance& instance, const std::pair<std::string, std::string>& wanted) {
  return std::ranges::any_of(
      instance.meta(), [&](const auto& pair) { return pair.first == wanted.first && pair.second == wanted.second; });
}

}  // namespace

Order order_of(const Parameters& asked) {
  if (!asked.sort) return {};
  const bool is_descending = asked.sort->starts_with('-');
  return {asked.sort->substr(is_descending ? 1 : 0), is_descending};
}

Place place_of(const Instance& instance, std::string_view zone, const Order& order) {
  return {value_of(instance, order.field), std::string(instance.service().name), std::string(zone),
          std::string(instance.id())};
}

bool is_before(const Place& a, const Place& b, const Order& order) {
  const bool is_by_service = order.field == "service";
  const std::string& ours = is_by_service ? a.service : a.value;
  const std::string& theirs = is_by_service ? b.service : b.value;
  if (ours != theirs) return (ours < theirs) != order.is_descending;
  return std::tie(a.service, a.zone, a.id) < std::tie(b.service, b.zone, b.id);
}

std::string write_place(const Place& place, const Order& order) {
  std::string cursor = encode_base64(fmt::format("{1}{0}{2}{0}{3}{0}{4}{0}{5}", k_separator, text_of(order),
                                                 place.value, place.service, place.zone, place.id));
  std::ranges::replace(cursor, '+', '-');
  std::ranges::replace(cursor, '/', '_');
  while (cursor.ends_with('=')) cursor.pop_back();
  return cursor;
}

Result<Place> parse_place(std::string_view cursor, const Order& order) {
  const auto refuse = [] {
    return failure(Errc::invalid,
                   "cursor must be the next_cursor of the page before, asked for with the same sort; leave it out for "
                   "the first page",
                   "cursor");
  };
  std::string encoded(cursor);
  std::ranges::replace(encoded, '-', '+');
  std::ranges::replace(encoded, '_', '/');
  const std::optional<std::string> text = decode_base64(encoded);
  if (!text || std::ranges::count(*text, k_separator) != k_parts - 1) return refuse();
  std::array<std::string, k_parts> parts;
  std::string_view rest = *text;
  for (std::string& part : parts) {
    part = rest.substr(0, rest.find(k_separator));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  if (parts[0] != text_of(order)) return refuse();
  return Place{std::move(parts[1]), std::move(parts[2]), std::move(parts[3]), std::move(parts[4])};
}

bool matches(const Instance& instance, const Parameters& asked, registry::LeaseTime now) {
  if (!instance.is_there(now)) return false;
  if (asked.status && instance.status != *asked.status) return false;
  const auto is_tag = [&](std::string_view tag) { return tag == *asked.tag; };
  if (asked.tag && std::ranges::none_of(instance.tags(), is_tag)) return false;
  if (!std::ranges::all_of(asked.meta, [&](const auto& pair) { return has_pair(instance, pair); })) return false;
  return !asked.text || has_text(instance, *asked.text);
}

}  // namespace rollcall::api::native
