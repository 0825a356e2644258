#include "answer/zone/reverse_names.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>
#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

using registry::Instance;

std::uint64_t seed() {
  static const std::uint64_t value = hash_seed();
  return value;
}

// Those of `all` that are not among `others`. Most of a service stays: what both begin and end with is passed over.
std::vector<NamedInstance> without(ReverseNames::Instances all, ReverseNames::Instances others) {
  const auto [from, others_from] = std::ranges::mismatch(all, others);
  std::vector<NamedInstance> mine(from, all.end());
  std::vector<NamedInstance> theirs(others_from, others.end());
  while (!mine.empty() && !theirs.empty() && mine.back() == theirs.back()) {
    mine.pop_back();
    theirs.pop_back();
  }
  std::vector<NamedInstance> rest;
  std::ranges::sort(theirs);
  std::ranges::copy_if(mine, std::back_inserter(rest),
                       [&](const NamedInstance& each) { return !std::ranges::binary_search(theirs, each); });
  return rest;
}

// The RDATA of the PTR to an instance of a service with this name.
std::string rdata_of(std::string_view label, const dns::Name& service_name) {
  std::string rdata;
  rdata.append(1, static_cast<char>(label.size())).append(label).append(text_of(service_name.wire()));
  check(rdata.size() <= limits::k_name_bytes_max, "a registered instance has a name in its zone");
  return rdata;
}

}  // namespace

std::uint64_t ReverseName::hash(const Key& key) noexcept { return hash_bytes(text_of(key.bytes()), seed()); }

std::vector<const Instance*> ReverseName::instances() const {
  std::vector<const Instance*> all;
  for_each_until([&](const ReverseTarget& target) {
    all.push_back(&target.instance());
    return true;
  });
  return all;
}

std::uint64_t ReverseTarget::hash(const Key& key) noexcept {
  return hash_bytes(text_of(key.rdata), ReverseName::hash(key.address));
}

bool ReverseTarget::has_key(const Key& other) const {
  return name_.address == other.address && text_of(rdata()) == text_of(other.rdata);
}

std::unique_ptr<ReverseTarget> ReverseTarget::make(ReverseName& name, const Instance& instance, Bytes rdata) {
  return std::unique_ptr<ReverseTarget>(new (Room{rdata.size()}) ReverseTarget(name, instance, rdata));
}

ReverseTarget::ReverseTarget(ReverseName& name, const Instance& instance, Bytes rdata)
    : name_(name), instance_(&instance), size_(static_cast<std::uint8_t>(rdata.size())) {
  std::memcpy(reinterpret_cast<std::uint8_t*>(this) + sizeof(ReverseTarget), rdata.data(), rdata.size());
}

// First who comes, then who goes: an instance that is there before and after, as another version, is never missing.
void ReverseNames::update(const dns::Name& service_name, Instances before, Instances now) {
  for (const auto& [instance, label] : without(now, before)) {
    const std::string rdata = rdata_of(label, service_name);
    for (const IpAddress& address : instance->addresses()) add(*instance, address, octets(rdata));
  }
  for (const auto& [instance, label] : without(before, now)) {
    const std::string rdata = rdata_of(label, service_name);
    for (const IpAddress& address : instance->addresses()) remove(*instance, address, octets(rdata));
  }
}

void ReverseNames::add(const Instance& instance, const IpAddress& address, Bytes rdata) {
  if (const ReverseTarget* known = targets_.find({address, rdata})) {
    const_cast<ReverseTarget*>(known)->instance_.store(&instance, std::memory_order_release);
    return;
  }
  ReverseName* name = const_cast<ReverseName*>(names_.find(address));
  const bool is_new = name == nullptr;
  std::unique_ptr<ReverseName> made;
  if (is_new) {
    made = std::make_unique<ReverseName>(address);
    name = made.get();
  }
  std::unique_ptr<ReverseTarget> target = ReverseTarget::make(*name, instance, rdata);
  target->before_ = name->last_;
  (name->last_ == nullptr ? name->first_ : name->last_->next_).store(target.get(), std::memory_order_release);
  name->last_ = target.get();
  check(targets_.publish(std::move(target)) == nullptr, "an instance has an address once");
  if (is_new) check(names_.publish(std::move(made)) == nullptr, "an address has one list");
}

// A reader that has come to the target goes on with its next one, which it keeps.
void ReverseNames::remove(const Instance& instance, const IpAddress& address, Bytes rdata) {
  const ReverseTarget* target = targets_.find({address, rdata});
  if (target == nullptr || &target->instance() != &instance) return;  // a newer version has the address
  ReverseName& name = target->name_;
  ReverseTarget* const next = target->next_.load(std::memory_order_relaxed);
  (target->before_ == nullptr ? name.first_ : target->before_->next_).store(next, std::memory_order_release);
  (next == nullptr ? name.last_ : next->before_) = target->before_;
  if (name.last_ == nullptr) rcu::Entry::retire(names_.remove(name));
  rcu::Entry::retire(targets_.remove(*target));
}

}  // namespace rollcall::answer
