// An assertion that is on in every build: for what cannot be, on both sides of a boundary.
//
// Failure  prints the place and the sentence to stderr and aborts. Never used for what a peer, a file or a disk can
// cause. Threads  any.
#pragma once

#include <source_location>

namespace rollcall {

[[noreturn]] void fail_check(const char* sentence, std::source_location where) noexcept;

inline void check(bool holds, const char* sentence,
                  std::source_location where = std::source_location::current()) noexcept {
  if (!holds) [[unlikely]]
    fail_check(sentence, where);
}

}  // namespace rollcall
