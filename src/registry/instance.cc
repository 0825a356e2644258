#include "registry/instance.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/limits.h"

namespace rollcall::registry {
namespace {

constexpr std::string_view k_derived_mark = "--";
constexpr std::size_t k_hash_digits = 8;
constexpr std::size_t k_slug_bytes_max = limits::k_label_bytes_max - k_derived_mark.size() - k_hash_digits;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_host_label(std::string_view text) {
  if (text.empty() || text.size() > limits::k_label_bytes_max) return false;
  if (text.front() == '-' || text.back() == '-') return false;
  return std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool ends_like_derived(std::string_view text) {
  if (text.size() < k_derived_mark.size() + k_hash_digits) return false;
  const std::string_view tail = text.substr(text.size() - k_derived_mark.size() - k_hash_digits);
  return tail.starts_with(k_derived_mark) && std::ranges::all_of(tail.substr(k_derived_mark.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

// Lower case letters, digits and single inner hyphens; "i" when nothing of the id is left.
std::string slug_of(std::string_view id) {
  std::string slug;
  for (const char c : id) {
    if (is_letter_or_digit(c)) {
      slug += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
    if (slug.size() == k_slug_bytes_max) break;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "i" : slug;
}

std::string short_hash(std::string_view id) {
  const std::uint64_t wide = stable_hash(id);
  std::uint32_t hash = static_cast<std::uint32_t>(wide ^ (wide >> 32));
  std::string digits(k_hash_digits, '0');
  for (std::size_t i = k_hash_digits; i-- > 0; hash >>= 4) digits[i] = "0123456789abcdef"[hash & 0xf];
  return digits;
}

}  // namespace

std::string_view to_text(Protocol protocol) { return protocol == Protocol::tcp ? "tcp" : "udp"; }

std::string_view to_text(Status status) {
  switch (status) {
    case Status::ready: return "ready";
    case Status::draining: return "draining";
    case Status::critical: return "critical";
  }
  return "ready";
}

std::uint64_t hash_of(const ServiceRef& key) noexcept {
  static const std::uint64_t seed = hash_seed();
  return hash_bytes(key.name, seed + static_cast<std::uint64_t>(key.zone));
}

std::uint64_t hash_of(const InstanceRef& key) noexcept {
  return hash_bytes(key.id, hash_of(key.service), k_case_blind);
}

bool equal_but_for_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    return fold(x) == fold(y);
  });
}

std::string label_of(std::string_view id) {
  if (is_host_label(id) && !ends_like_derived(id)) return std::string(id);
  return slug_of(id).append(k_derived_mark).append(short_hash(id));
}

Instance::Instance(Registration asked, Standing current, ChangeIndex change_index, WallTime first_registered_at,
                   LeaseTime now)
    : registration(std::move(asked)),
      label(label_of(registration.key.id)),
      standing(std::move(current)),
      status(standing.status()),
      index(change_index),
      registered_at(first_registered_at),
      lease(now, registration.ttl) {}

}  // namespace rollcall::registry
