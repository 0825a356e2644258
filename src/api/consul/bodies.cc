#include "api/consul/bodies.h"

#include <utility>

namespace rollcall::api::consul {

std::string Bodies::key_of(const registry::ServiceKey& service, bool is_passing) {
  return std::to_string(static_cast<std::uint32_t>(service.zone)) + (is_passing ? '+' : ' ') + service.name;
}

Bodies::Shared Bodies::find(const registry::ServiceKey& service, bool is_passing, registry::ChangeIndex index,
                            registry::LeaseTime now) const {
  const std::string key = key_of(service, is_passing);
  return all_.with([&](const All& all) -> Shared {
    const auto found = all.by_key.find(key);
    if (found == all.by_key.end() || found->second.index != index || found->second.good_until <= now) return nullptr;
    return found->second.text;
  });
}

void Bodies::put(const registry::ServiceKey& service, bool is_passing, registry::ChangeIndex index,
                 registry::LeaseTime good_until, std::string body) {
  if (body.size() < k_body_bytes_min || body.size() > k_bodies_bytes_max / 4) return;
  std::string key = key_of(service, is_passing);
  auto text = std::make_shared<const std::string>(std::move(body));
  std::unordered_map<std::string, Body> dropped;  // outside the lock
  Shared replaced;
  all_.with([&](All& all) {
    if (all.bytes + text->size() > k_bodies_bytes_max) {
      dropped.swap(all.by_key);
      all.bytes = 0;
    }
    Body& place = all.by_key[std::move(key)];
    if (place.text) all.bytes -= place.text->size();
    all.bytes += text->size();
    replaced = std::exchange(place.text, std::move(text));
    place.index = index;
    place.good_until = good_until;
  });
}

}  // namespace rollcall::api::consul
