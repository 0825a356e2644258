// Why a request is refused: the one place where an Errc, or a fault of the request itself, becomes an HTTP status.
//
// Shape    a value without a format. A door writes it as its clients expect: problem.h for problem+json, text for others.
// Threads  any.
// Failure  none.
// Source   RFC 9110 §15; each status has its clause in refusal.cc. docs/http.md lists the codes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rollcall::api {

struct Refusal {
  unsigned status;
  std::string_view code;   // a constant in snake_case, for programs
  std::string detail;      // a sentence, for people; may quote what the client sent
  std::string field = {};  // of the input, where the mistake is in one
  std::vector<std::pair<std::string_view, std::string>> headers = {};  // that the status requires, as Allow
};

// Faults of a request that are not an Error of the rooms below.
enum class Fault : std::uint8_t {
  bad_target,               // no URL
  no_such_path,             // no route has it
  method_not_allowed,       // the path exists with other methods
  body_too_large,           // larger than the route takes
  not_ready,                // the server starts, or cannot serve
  bad_request,              // not HTTP/1.1
  target_too_long,          // the request line exceeds the bound of a head
  header_too_large,         // the head exceeds its bound
  unknown_transfer_coding,  // a transfer coding other than chunked
  outcome_unknown,          // a change was not committed in time, and may still be
  history_too_slow,         // a page of the history was not read in time
  answer_too_slow,          // another answer was not made in time
  unsupported_media,        // the body is of a type that the call does not take
  not_everywhere,           // a change was made, and not every node of the cluster shows it in time
};

// Both log the refusal, once: what the store could not do as a warning, the rest at level debug.
[[nodiscard]] Refusal refusal_of(const Error& error);
[[nodiscard]] Refusal refusal_of(Fault fault, std::string detail);

}  // namespace rollcall::api
