#include "answer/roster/member_labels.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/ascii_case.h"

namespace rollcall::answer {

MemberLabels::MemberLabels(const registry::Service& service) {
  const auto is_free = [](const registry::Instance* instance) { return instance->door() != registry::Door::native; };
  if (std::ranges::none_of(service.instances, is_free)) return;
  std::unordered_map<std::string, std::size_t> labels;
  std::unordered_set<std::string> tags;
  for (const registry::Instance* instance : service.instances) {
    ++labels[to_lower(instance->label())];
    for (const std::string_view tag : instance->tags()) {
      tags.insert(to_lower(tag));
    }
  }
  for (const registry::Instance* instance : service.instances) {
    const std::string label = to_lower(instance->label());
    if (is_free(instance) && (labels[label] > 1 || tags.contains(label))) {
      derived_.emplace(instance, registry::derived_label_of(instance->id()));
    }
  }
}

}  // namespace rollcall::answer
