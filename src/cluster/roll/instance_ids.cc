#include "cluster/roll/instance_ids.h"

#include <array>
#include <cstdint>
#include <span>

#include "base/ascii_case.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::cluster {
namespace {

std::uint64_t hash(std::string_view text, std::uint8_t which) {
  SipHashKey key{};
  key[0] = which;
  return siphash24({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, key);
}

SipHashKey key_of(std::string_view history, std::uint8_t which) {
  SipHashKey key;
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint64_t word = hash(history, static_cast<std::uint8_t>(2 * which + half));
    for (std::size_t i = 0; i < 8; ++i) key[8 * half + i] = static_cast<std::uint8_t>(word >> (8 * i));
  }
  return key;
}

}  // namespace

InstanceIds::InstanceIds(std::string_view history) : low_(key_of(history, 0)), high_(key_of(history, 1)) {}

InstanceId InstanceIds::of(std::string_view zone, std::string_view service, std::string_view label) const {
  std::array<std::uint8_t, limits::k_name_bytes_max + 2 * limits::k_door_id_bytes_max + 2> text;
  std::size_t size = 0;
  const auto add = [&](std::string_view part) {
    check(size + part.size() < text.size(), "names are shorter than that");
    for (const char c : part) text[size++] = static_cast<std::uint8_t>(to_lower(c));
    text[size++] = 0;
  };
  add(zone);
  add(service);
  check(size + label.size() <= text.size(), "names are shorter than that");
  for (const char c : label) text[size++] = static_cast<std::uint8_t>(to_lower(c));
  const std::span<const std::uint8_t> octets(text.data(), size);
  const std::uint64_t low = siphash24(octets, low_);
  const std::uint64_t high = siphash24(octets, high_);
  return {{static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32), static_cast<std::uint32_t>(high)}};
}

}  // namespace rollcall::cluster
