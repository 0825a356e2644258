#include "registry/instance/labels.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/ascii_case.h"
#include "base/check.h"
#include "base/hash.h"

namespace rollcall::registry {
namespace {

constexpr auto k_any = [](std::size_t) { return true; };

std::uint64_t hash_of_label(const ServiceRef& service, std::string_view label) {
  return hash_bytes(label, hash_of(service), k_case_blind);
}

}  // namespace

template <class Value>
template <class F>
const typename Labels::Table<Value>::Slot* Labels::Table<Value>::find(std::uint64_t hash, F&& is_wanted) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].value != Value{}; at = (at + 1) & mask) {
    if (slots_[at].hash == hash && is_wanted(slots_[at].value)) return &slots_[at];
  }
  return nullptr;
}

template <class Value>
template <class F>
typename Labels::Table<Value>::Slot* Labels::Table<Value>::find(std::uint64_t hash, F&& is_wanted) {
  return const_cast<Slot*>(std::as_const(*this).find(hash, std::forward<F>(is_wanted)));
}

template <class Value>
void Labels::Table<Value>::insert(std::uint64_t hash, Value value) {
  if ((count_ + 1) * 4 > slots_.size() * 3) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].value != Value{}) at = (at + 1) & mask;
  slots_[at] = {hash, value};
  ++count_;
}

// Those behind the gap that could have stood in it move up (Knuth, volume 3, section 6.4, algorithm R).
template <class Value>
void Labels::Table<Value>::erase(const Slot& slot) {
  const std::size_t mask = slots_.size() - 1;
  auto gap = static_cast<std::size_t>(&slot - slots_.data());
  for (std::size_t at = (gap + 1) & mask; slots_[at].value != Value{}; at = (at + 1) & mask) {
    const std::size_t wanted = slots_[at].hash & mask;
    if (((at - wanted) & mask) < ((at - gap) & mask)) continue;  // its own place is behind the gap
    slots_[gap] = slots_[at];
    gap = at;
  }
  slots_[gap] = {};
  --count_;
}

template <class Value>
void Labels::Table<Value>::grow() {
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
  count_ = 0;
  for (const Slot& slot : old) {
    if (slot.value != Value{}) insert(slot.hash, slot.value);
  }
}

void Labels::add(const Instance& instance) {
  instances_.insert(hash_of_label(instance.service(), instance.label()), &instance);
  for (const std::string_view tag : instance.tags()) {
    if (is_tag_name(tag)) add_tag(hash_of_label(instance.service(), tag));
  }
}

void Labels::remove(const Instance& instance) {
  const auto* slot = instances_.find(hash_of_label(instance.service(), instance.label()),
                                     [&](const Instance* other) { return other == &instance; });
  check(slot != nullptr, "an instance that leaves the roll has its label there");
  instances_.erase(*slot);
  for (const std::string_view tag : instance.tags()) {
    if (is_tag_name(tag)) remove_tag(hash_of_label(instance.service(), tag));
  }
}

void Labels::add_tag(std::uint64_t hash) {
  if (auto* slot = tags_.find(hash, k_any)) {
    ++slot->value;
  } else {
    tags_.insert(hash, 1);
  }
}

void Labels::remove_tag(std::uint64_t hash) {
  auto* slot = tags_.find(hash, k_any);
  check(slot != nullptr, "a tag that leaves the roll was counted");
  if (slot->value > 1) {
    --slot->value;
  } else {
    tags_.erase(*slot);
  }
}

const Instance* Labels::find(const ServiceRef& service, std::string_view label) const {
  const auto* slot = instances_.find(hash_of_label(service, label), [&](const Instance* instance) {
    return instance->service() == service && equal_but_for_case(instance->label(), label);
  });
  return slot == nullptr ? nullptr : slot->value;
}

std::size_t Labels::count_tag(const ServiceRef& service, std::string_view tag) const {
  const auto* slot = tags_.find(hash_of_label(service, tag), k_any);
  return slot == nullptr ? 0 : slot->value;
}

std::optional<std::string> Labels::find_instance(const ServiceRef& service, std::string_view label) const {
  const Instance* instance = find(service, label);
  return instance == nullptr ? std::nullopt : std::optional<std::string>(instance->id());
}

void StagedLabels::put(std::string_view id, const Registration* staged, const Instance* published) {
  const auto [at, is_first] = labels_of_.try_emplace(std::string(id));
  std::vector<std::string>& labels = at->second;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    uses_.erase({std::move(labels[i]), i == 0 ? Use::label : Use::tag, at->first});
  }
  labels.clear();
  if (is_first && published != nullptr) {
    for (const std::string_view tag : published->tags()) {
      if (is_tag_name(tag)) ++overridden_[std::string(tag)];
    }
  }
  if (staged == nullptr) return;
  labels.reserve(1 + staged->tags.size());
  labels.push_back(to_lower(label_of(id)));
  std::ranges::copy_if(staged->tags, std::back_inserter(labels), is_tag_name);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    uses_.emplace(labels[i], i == 0 ? Use::label : Use::tag, at->first);
  }
}

std::optional<std::string> StagedLabels::find_instance(std::string_view label) const {
  const std::string wanted = to_lower(label);
  const auto at = uses_.lower_bound({wanted, Use::label, std::string()});
  if (at == uses_.end() || std::get<0>(*at) != wanted || std::get<1>(*at) != Use::label) return std::nullopt;
  return std::get<2>(*at);
}

bool StagedLabels::has_tag(std::string_view tag) const {
  const std::string wanted = to_lower(tag);
  const auto at = uses_.lower_bound({wanted, Use::tag, std::string()});
  return at != uses_.end() && std::get<0>(*at) == wanted;
}

std::size_t StagedLabels::count_overridden(std::string_view tag) const {
  const auto at = overridden_.find(to_lower(tag));
  return at == overridden_.end() ? 0 : at->second;
}

}  // namespace rollcall::registry
