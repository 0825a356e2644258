// The sentence that says what an answer is made of.
//
// Threads  any.
#pragma once

#include <span>
#include <string>

#include "answer/explain/explain.h"
#include "answer/look_up/trace.h"

namespace rollcall::answer {

// One clause for each stop: "web.svc.internal is the service web: 2 of its 4 instances are in the answer to A."
[[nodiscard]] std::string sentence_of(const Explained& explained, std::span<const Stop> stops);
// Of an answer that is refused because the roll has not been fresh for too long.
[[nodiscard]] std::string sentence_of_expired(const Explained& explained);

}  // namespace rollcall::answer
