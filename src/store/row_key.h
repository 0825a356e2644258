// A row of `instance`, as the tables name it: zones by their text (zone_names.h). Value type.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::store {

struct RowKey {
  std::string zone;
  std::string service;
  std::string id;  // empty, in a note of `edit`: the service itself was deleted
  friend auto operator<=>(const RowKey&, const RowKey&) = default;
};

// What a sentence about the row begins with.
[[nodiscard]] std::string name_of_row(const RowKey& row);

}  // namespace rollcall::store
