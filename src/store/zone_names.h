// Zones as the database names them: by their text, in lower case, without the final dot. A ZoneId is good for one
// process only.
//
// Owner    one RollWriter or one reading; the text of a zone stays where it is.
// Threads  one.
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

  // Empty for a zone that is not served, and for one that is written in any other way than `text_of` writes it: such a
  // row could never be found again.
  [[nodiscard]] std::optional<registry::ZoneId> find(std::string_view text);

 private:
  const registry::ZoneDirectory& zones_;
  std::map<registry::ZoneId, std::string> texts_;
};

}  // namespace rollcall::store
