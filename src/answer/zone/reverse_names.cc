#include "answer/zone/reverse_names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace rollcall::answer {
namespace {

constexpr std::string_view k_in_addr_arpa("\7in-addr\4arpa\0", 14);
constexpr std::string_view k_ip6_arpa("\3ip6\4arpa\0", 10);
constexpr std::size_t k_tree_labels = 2;

// A decimal octet without leading zeros, as reverse names have it.
bool parse_octet(std::string_view label, std::uint8_t& octet) {
  if (label.size() > 1 && label.front() == '0') return false;
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), octet);
  return error == std::errc{} && end == label.data() + label.size();
}

bool parse_nibble(std::string_view label, std::uint8_t& nibble) {
  if (label.size() != 1) return false;
  const auto [end, error] = std::from_chars(label.data(), label.data() + 1, nibble, 16);
  return error == std::errc{} && end == label.data() + 1;
}

std::vector<const registry::Instance*> sorted(std::span<const registry::Instance* const> instances) {
  std::vector<const registry::Instance*> copy(instances.begin(), instances.end());
  std::ranges::sort(copy);
  return copy;
}

}  // namespace

std::uint64_t ReverseName::hash(const Key& key) noexcept {
  static const std::uint64_t seed = hash_seed();
  return hash_bytes({reinterpret_cast<const char*>(key.bytes().data()), key.bytes().size()}, seed);
}

void ReverseNames::update(std::span<const registry::Instance* const> before,
                          std::span<const registry::Instance* const> now) {
  const auto old_ones = sorted(before);
  const auto new_ones = sorted(now);
  std::vector<const registry::Instance*> changed;
  std::ranges::set_difference(old_ones, new_ones, std::back_inserter(changed));
  for (const registry::Instance* gone : changed) {
    for (const IpAddress& address : gone->addresses()) remove(*gone, address);
  }
  changed.clear();
  std::ranges::set_difference(new_ones, old_ones, std::back_inserter(changed));
  for (const registry::Instance* come : changed) {
    for (const IpAddress& address : come->addresses()) add(*come, address);
  }
}

void ReverseNames::remove(const registry::Instance& instance, const IpAddress& address) {
  const ReverseName* name = names_.find(address);
  if (name == nullptr) return;
  std::vector<const registry::Instance*> rest = name->instances;
  std::erase(rest, &instance);
  if (rest.empty()) {
    rcu::Entry::retire(names_.remove(*name));
  } else {
    replace(address, std::move(rest));
  }
}

void ReverseNames::add(const registry::Instance& instance, const IpAddress& address) {
  const ReverseName* name = names_.find(address);
  std::vector<const registry::Instance*> all =
      name == nullptr ? std::vector<const registry::Instance*>{} : name->instances;
  all.push_back(&instance);
  replace(address, std::move(all));
}

void ReverseNames::replace(const IpAddress& address, std::vector<const registry::Instance*> instances) {
  auto old = names_.publish(std::make_unique<ReverseName>(address, std::move(instances)));
  if (old != nullptr) rcu::Entry::retire(std::move(old));
}

bool is_reverse(const dns::Name& name) {
  return name.is_within(*dns::Name::parse("in-addr.arpa")) || name.is_within(*dns::Name::parse("ip6.arpa"));
}

dns::Name reverse_name(const IpAddress& address) {
  std::string text;
  for (const std::uint8_t octet : address.bytes()) {
    if (address.is_v4()) {
      text.insert(0, std::to_string(octet) + '.');
    } else {
      constexpr std::string_view k_digits = "0123456789abcdef";
      text.insert(0, {k_digits[octet & 15U], '.', k_digits[octet >> 4U], '.'});
    }
  }
  return *dns::Name::parse(text + (address.is_v4() ? "in-addr.arpa" : "ip6.arpa"));
}

std::optional<IpAddress> parse_reverse(const dns::QuestionName& name) {
  std::array<std::uint8_t, 16> bytes{};
  constexpr std::size_t k_v4_labels = 4;
  constexpr std::size_t k_v6_labels = 32;
  if (name.labels == k_v4_labels + k_tree_labels && name.suffix(k_v4_labels) == k_in_addr_arpa) {
    for (std::size_t i = 0; i < k_v4_labels; ++i) {
      if (!parse_octet(name.label(k_v4_labels - 1 - i), bytes[i])) return std::nullopt;
    }
    return IpAddress::v4(std::span(bytes).first<4>());
  }
  if (name.labels == k_v6_labels + k_tree_labels && name.suffix(k_v6_labels) == k_ip6_arpa) {
    for (std::size_t i = 0; i < k_v6_labels; ++i) {
      std::uint8_t nibble = 0;
      if (!parse_nibble(name.label(k_v6_labels - 1 - i), nibble)) return std::nullopt;
      bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] << 4 | nibble);
    }
    return IpAddress::v6(bytes);
  }
  return std::nullopt;
}

}  // namespace rollcall::answer
