#include "consul/names.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>

#include "base/ascii_case.h"
#include "base/hash.h"
#include "base/limits.h"
#include "registry/instance/registration.h"

namespace rollcall::consul {
namespace {

constexpr std::size_t k_hash_digits = 8;

std::string hash_digits(std::string_view text) {
  const std::uint64_t hash = stable_hash(text);
  return fmt::format("{:08x}", static_cast<std::uint32_t>(hash ^ (hash >> 32)));
}

// Whether the name ends as a derived label does: then its own label is derived too, and the two kinds never meet.
bool ends_like_derived(std::string_view name) {
  if (name.size() < k_hash_digits + 2) return false;
  const std::string_view digits = name.substr(name.size() - k_hash_digits);
  const bool are_digits =
      std::ranges::all_of(digits, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return are_digits && name.substr(name.size() - k_hash_digits - 2, 2) == "--";
}

// Letters, digits and inner hyphens of the name; a hyphen for each run of others.
std::string slug_of(std::string_view name) {
  std::string slug;
  for (const char c : name) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (is_plain) {
      slug += c;
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  slug.resize(std::min(slug.size(), limits::k_label_bytes_max - k_hash_digits - 2));
  while (slug.ends_with('-')) slug.pop_back();
  return slug.empty() ? "x" : slug;
}

}  // namespace

Result<std::string> parse_service_name(std::string_view name) {
  Result<std::string> read = registry::parse_free_id(name, "service name");
  if (read) *read = to_lower(*read);
  return read;
}

std::string service_label(std::string_view name) {
  const std::string folded = to_lower(name);
  const bool is_label = !folded.empty() && folded.size() <= limits::k_label_bytes_max && !folded.contains('.');
  if (is_label && !ends_like_derived(folded)) return folded;
  return slug_of(folded) + "--" + hash_digits(folded);
}

std::string roll_id(std::string_view id, std::string_view host) {
  if (host.empty()) return std::string(id);
  std::string whole = fmt::format("{}@{}", id, host);
  if (whole.size() <= limits::k_door_id_bytes_max) return whole;
  std::size_t cut = limits::k_door_id_bytes_max - k_hash_digits - 1;
  while (cut > 0 && (static_cast<unsigned char>(whole[cut]) & 0xc0U) == 0x80U) --cut;  // never inside a character
  return whole.substr(0, cut) + '@' + hash_digits(whole);
}

}  // namespace rollcall::consul
