// Maps ZoneId to the zone's name in the database: lower case, without the final dot. The database does not store a
// ZoneId, because it is valid in one process only.
//
// Owner    the object that reads or writes the tables; `text_of` returns a reference that is valid as long as this
//          object.
// Threads  one at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "registry/ports/ports.h"

namespace rollcall::store {

class ZoneNames {
 public:
  explicit ZoneNames(const registry::ZoneDirectory& zones) : zones_(zones) {}

  [[nodiscard]] const std::string& text_of(registry::ZoneId zone);

  // Empty: the zone is not served, or the text differs from what `text_of` returns (for example in case). No later
  // query would find a row with such a text.
  [[nodiscard]] std::optional<registry::ZoneId> find(std::string_view text);

 private:
  const registry::ZoneDirectory& zones_;
  std::map<registry::ZoneId, std::string> texts_;
};

}  // namespace rollcall::store
