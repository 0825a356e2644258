// The order of a service's members in one answer, and where a worker makes it.
//
// Shape    Scratch: buffers that grow to the largest service a worker has answered for, and are reused from then on, so
//          that a query allocates nothing.
// Owner    the worker.
// Threads  one.
// Source   RFC 2782.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "answer/roster/order.h"
#include "answer/roster/service_answers.h"
#include "base/limits.h"
#include "base/random.h"
#include "dns/name.h"

namespace rollcall::answer {

struct Scratch {
  struct Found {
    std::array<std::uint8_t, 16> address{};
    std::uint32_t weight = 0;
  };
  Order order;
  std::vector<Found> found;                                                // addresses before repeats are removed
  std::vector<std::uint32_t> live;                                         // positions of live members
  std::vector<std::uint32_t> weights;                                      // of what is being ordered
  std::vector<std::uint8_t> addresses;                                     // of live members
  std::vector<std::uint32_t> chosen;                                       // members in the order they are put
  std::vector<std::size_t> target_offsets;                                 // where their targets stand in the message
  std::array<dns::QuestionName, limits::k_cname_chain_max> alias_targets;  // of the aliases a look-up has followed

  // From `found` to `addresses` of so many octets and their `weights`: each address once, with the sum of its weights.
  void merge_found(std::size_t octets);
};

// Writes the first `take` of these members into `scratch.chosen`: lowest priority value first, which is the order they come
// in, and within a priority in a weighted random order.
void order_members(const ServiceAnswers& answers, std::span<const std::uint32_t> members, std::size_t take,
                   bool equal_weights, Random& random, Scratch& scratch);

}  // namespace rollcall::answer
