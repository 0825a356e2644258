#include "registry/instance.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ascii_case.h"
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
      slug += to_lower(c);
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
    if (slug.size() == k_slug_bytes_max) break;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  if (slug.empty()) return "i";
  // Two characters and "--" are what an A-label begins with, "xn--", and whatever may come after it (RFC 5890 §2.3.1).
  return slug.size() == 2 ? slug.append("-i") : slug;
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

std::string label_of(std::string_view id) {
  if (is_host_label(id) && !ends_like_derived(id)) return std::string(id);
  return slug_of(id).append(k_derived_mark).append(short_hash(id));
}

namespace {

// The label where it is not the id itself.
std::string derived_label_of(std::string_view id) {
  std::string label = label_of(id);
  if (label == id) label.clear();
  return label;
}

template <class Code>
std::size_t packed_bytes(const auto& values) {
  std::size_t bytes = 0;
  for (const auto& value : values) bytes += Code::size_of(value);
  return bytes;
}

char* write_text(std::string_view text, char* at) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

// Appends the values, and says how many octets they have taken.
template <class Code>
std::uint16_t write_packed(const auto& values, char*& at) {
  const char* const begin = at;
  for (const auto& value : values) at = Code::write(value, at);
  return static_cast<std::uint16_t>(at - begin);
}

}  // namespace

std::unique_ptr<Instance> Instance::make(const Registration& asked, const Standing& standing, ChangeIndex index,
                                         WallTime registered_at, LeaseTime now, std::optional<CheckedSince> since) {
  static_assert(limits::k_tags_max * (1 + limits::k_label_bytes_max) <= 0xffff);
  static_assert(limits::k_meta_bytes_max * 3 <= 0xffff, "pairs of one octet, with their lengths");
  const std::string label = derived_label_of(asked.key.id);
  const Room room{asked.key.service.name.size() + asked.key.id.size() + label.size() +
                  packed_bytes<packed::Address>(asked.addresses) + packed_bytes<packed::Text>(asked.tags) +
                  packed_bytes<packed::Pair>(asked.meta) + standing.output.size()};
  return std::unique_ptr<Instance>(new (room) Instance(asked, label, standing, index, registered_at, now,
                                                       since.value_or(registry::checked_since(asked, index))));
}

Instance::Instance(const Registration& asked, std::string_view derived_label, const Standing& standing,
                   ChangeIndex change_index, WallTime first_registered_at, LeaseTime now, CheckedSince since)
    : lease(now, asked.ttl),
      index(change_index),
      registered_at(first_registered_at),
      status_since_(standing.since),
      health_(asked.health ? std::make_unique<const Checked>(asked.health, since) : nullptr),
      ttl_ms_(static_cast<std::uint32_t>(asked.ttl.count())),
      zone_(asked.key.service.zone),
      port_(asked.port),
      priority_(asked.priority),
      weight_(asked.weight),
      id_bytes_(static_cast<std::uint16_t>(asked.key.id.size())),
      output_bytes_(static_cast<std::uint16_t>(standing.output.size())),
      service_bytes_(static_cast<std::uint8_t>(asked.key.service.name.size())),
      label_bytes_(static_cast<std::uint8_t>(derived_label.size())),
      protocol_(asked.protocol),
      is_draining_(standing.is_draining),
      is_critical_(standing.is_critical),
      status(standing.status()) {
  char* at = write_text(asked.key.service.name, run());
  at = write_text(asked.key.id, at);
  at = write_text(derived_label, at);
  addresses_bytes_ = write_packed<packed::Address>(asked.addresses, at);
  tags_bytes_ = write_packed<packed::Text>(asked.tags, at);
  meta_bytes_ = write_packed<packed::Pair>(asked.meta, at);
  write_text(standing.output, at);
}

const health::SharedPlan& Instance::health() const {
  static const health::SharedPlan k_none;
  return health_ == nullptr ? k_none : health_->plan;
}

Registration Instance::registration() const {
  const auto values = addresses();
  Registration made{.key = owned_key(),
                    .addresses = {values.begin(), values.end()},
                    .port = port_,
                    .protocol = protocol_,
                    .priority = priority_,
                    .weight = weight_,
                    .tags = {},
                    .meta = {},
                    .ttl = ttl(),
                    .health = health()};
  for (const std::string_view tag : tags()) made.tags.emplace_back(tag);
  for (const auto& [key, value] : meta()) made.meta.emplace_back(key, value);
  return made;
}

namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

bool has_same_meta(const auto& a, const auto& b) {
  const auto is_equal = [](const auto& x, const auto& y) { return x.first == y.first && x.second == y.second; };
  if (std::ranges::equal(a, b, is_equal)) return true;
  Pairs ours;
  Pairs theirs;
  for (const auto& [key, value] : a) ours.emplace_back(key, value);
  for (const auto& [key, value] : b) theirs.emplace_back(key, value);
  std::ranges::sort(ours);
  std::ranges::sort(theirs);
  return ours == theirs;
}

}  // namespace

bool means_the_same(const Registration& a, const Registration& b) {
  return a.key == b.key && a.ttl == b.ttl && a.port == b.port && a.protocol == b.protocol && a.priority == b.priority &&
         a.weight == b.weight && a.addresses == b.addresses && a.tags == b.tags && has_same_meta(a.meta, b.meta) &&
         a.health == b.health;
}

bool Instance::is_as(const Registration& asked) const {
  return key() == asked.key.ref() && ttl() == asked.ttl && port_ == asked.port && protocol_ == asked.protocol &&
         priority_ == asked.priority && weight_ == asked.weight && std::ranges::equal(addresses(), asked.addresses) &&
         std::ranges::equal(tags(), asked.tags) && has_same_meta(meta(), asked.meta) && health() == asked.health;
}

Standing Instance::standing() const {
  Standing made(Status::ready, status_since_);
  made.is_draining = is_draining_;
  made.is_critical = is_critical_;
  made.output = check_output();
  return made;
}

}  // namespace rollcall::registry
