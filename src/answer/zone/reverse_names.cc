#include "answer/zone/reverse_names.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "base/bytes.h"
#include "base/hash.h"

namespace rollcall::answer {
namespace {

std::vector<const registry::Instance*> sorted(std::span<const registry::Instance* const> instances) {
  std::vector<const registry::Instance*> copy(instances.begin(), instances.end());
  std::ranges::sort(copy);
  return copy;
}

}  // namespace

std::uint64_t ReverseName::hash(const Key& key) noexcept {
  static const std::uint64_t seed = hash_seed();
  return hash_bytes(text_of(key.bytes()), seed);
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

}  // namespace rollcall::answer
