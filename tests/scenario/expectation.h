// What a command came to, beside what its script expects.
//
// Failure  a sentence of what was expected and what came; empty when both agree.
#pragma once

#include <string>
#include <vector>

#include "scenario/script.h"
#include "unit/answer/ask.h"

namespace rollcall::testing {

// An answer: the first line is the RCODE and the flags but "qr", the others are records; those of other sections begin
// with the section's name. `*` at the end stands for the rest of a record. "2 of" before records of the answer: two of
// those below it, whichever.
[[nodiscard]] std::string compare_answer(const std::vector<Line>& expected, const answer::testing::Answered& answered,
                                         bool in_order);

// Lines of words: each expected line's words are among those of the line that came in its place.
[[nodiscard]] std::string compare_lines(const std::vector<Line>& expected, const std::vector<std::string>& came);

}  // namespace rollcall::testing
