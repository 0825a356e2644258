#include "cluster/kv/kv_keys.h"

namespace rollcall::cluster {

std::pair<KvKeys::Kind, std::string_view> KvKeys::place_of(std::string_view key) const {
  constexpr std::pair<std::string_view, Kind> k_kinds[] = {{"key/", Kind::entry},       {"session/", Kind::session},
                                                           {"renewed/", Kind::renewed}, {"query/", Kind::query},
                                                           {"delay/", Kind::delay},     {"done/", Kind::done}};
  if (!key.starts_with(prefix_)) return {Kind::foreign, {}};
  const std::string_view rest = key.substr(prefix_.size());
  if (rest == "last") return {Kind::last, {}};
  for (const auto& [name, kind] : k_kinds) {
    if (rest.starts_with(name) && rest.size() > name.size()) return {kind, rest.substr(name.size())};
  }
  return {Kind::foreign, {}};
}

}  // namespace rollcall::cluster
