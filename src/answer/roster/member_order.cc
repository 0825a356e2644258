#include "answer/roster/member_order.h"

#include <algorithm>

#include "base/check.h"

namespace rollcall::answer {

void Scratch::merge_found(std::size_t octets) {
  std::ranges::sort(found, {}, &Found::address);
  addresses.clear();
  weights.clear();
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i > 0 && found[i - 1].address == found[i].address) {
      weights.back() += found[i].weight;
      continue;
    }
    addresses.insert(addresses.end(), found[i].address.begin(),
                     found[i].address.begin() + static_cast<std::ptrdiff_t>(octets));
    weights.push_back(found[i].weight);
  }
}

void order_members(const ServiceAnswers& answers, std::span<const std::uint32_t> members, std::size_t take,
                   bool equal_weights, Random& random, Scratch& scratch) {
  check(take <= members.size(), "no more members are taken than there are");
  scratch.chosen.clear();
  std::size_t begin = 0;
  while (begin < members.size() && scratch.chosen.size() < take) {
    const std::uint16_t priority = answers.member(members[begin]).priority;
    std::size_t end = begin + 1;
    while (end < members.size() && answers.member(members[end]).priority == priority) ++end;
    const auto count = static_cast<std::uint32_t>(end - begin);
    const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(count, take - scratch.chosen.size()));
    std::span<const std::uint32_t> order;
    if (equal_weights) {
      order = scratch.order.draw(count, wanted, random);
    } else {
      scratch.weights.clear();
      for (std::size_t i = begin; i < end; ++i) scratch.weights.push_back(answers.member(members[i]).weight);
      order = scratch.order.draw(std::span<const std::uint32_t>(scratch.weights), wanted, random);
    }
    for (const std::uint32_t i : order) scratch.chosen.push_back(members[begin + i]);
    begin = end;
  }
  check(scratch.chosen.size() == take, "as many members are put in order as are taken");
}

}  // namespace rollcall::answer
