// The key of a row of `instance`, with the zone as text (zone_names.h). Value type.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::store {

struct RowKey {
  std::string zone;
  std::string service;
  std::string id;  // empty in a row of `edit`: the service itself was deleted
  friend auto operator<=>(const RowKey&, const RowKey&) = default;
};

// The row's name for messages: "instance web/a in zone svc.internal".
[[nodiscard]] std::string name_of_row(const RowKey& row);

}  // namespace rollcall::store
