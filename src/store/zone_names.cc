#include "store/zone_names.h"

#include "base/ascii_case.h"

namespace rollcall::store {

const std::string& ZoneNames::text_of(registry::ZoneId zone) {
  const auto [at, is_new] = texts_.try_emplace(zone);
  if (!is_new) return at->second;
  std::string text = to_lower(zones_.name_of(zone));
  if (text.ends_with('.')) text.pop_back();
  return at->second = std::move(text);
}

std::optional<registry::ZoneId> ZoneNames::find(std::string_view text) {
  const std::optional<registry::ZoneId> zone = zones_.find(text);
  if (!zone || text_of(*zone) != text) return std::nullopt;
  return zone;
}

}  // namespace rollcall::store
