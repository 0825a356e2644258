#include "kv/key_values.h"

#include <variant>

namespace rollcall::kv {

std::size_t waiting_bytes(const Request& request) {
  std::size_t bytes = 512;
  if (const auto* transaction = std::get_if<Transaction>(&request)) {
    for (const Operation& each : transaction->operations) bytes += 256 + each.key.size() + each.value.size();
  } else if (const auto* query = std::get_if<PutQuery>(&request)) {
    bytes += bytes_of(query->query);
  } else if (const auto* session = std::get_if<CreateSession>(&request)) {
    bytes += bytes_of(session->session);
  }
  return bytes;
}

void KeyValues::show(const Changes& changes, LeaseTime now) {
  if (changes.is_empty()) return;
  for (const Change& change : changes.list) {
    if (const auto* query = std::get_if<Replaced<Query>>(&change)) query_table_.replace(query->before, query->after);
  }
  std::vector<View::Wake> woken = view_.with([&](View& view) { return view.apply(changes, now); });
  for (View::Wake& wake : woken) wake();
}

std::optional<KeyValues::Seat> KeyValues::take_seat(const Topic& topic, View::Wake wake) const {
  const std::optional<View::Seat> seat = view_.with([&](View& view) { return view.take_seat(topic, std::move(wake)); });
  if (!seat) return std::nullopt;
  return Seat(*this, *seat);
}

}  // namespace rollcall::kv
