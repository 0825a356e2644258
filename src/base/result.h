// What can go wrong, as a value. Exceptions belong to start-up and to libraries, and stop at their room's door.
//
// Shape    Result<T> is T or an Error; an Error is a code to switch on, a sentence for people and, where the mistake
//          is in one field of the input, that field's name.
// Threads  values.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace rollcall {

enum class Errc : std::uint8_t {
  invalid,           // the input breaks a rule; `field` names where
  malformed,         // the input cannot be read at all (JSON, TOML, zone file)
  unknown_zone,      // no zone of this name is served
  unknown_service,   // the zone has no such service
  unknown_instance,  // the service has no such instance, or its lease has ended
  conflict,          // the name is taken: by the zone file, or by another id with the same label
  store_busy,        // the store cannot write now; nothing was done; try again
  store_failed,      // the store failed in a way that trying again may not mend (disk full, I/O error)
  overloaded,        // a bounded queue is full; nothing was done; try again
  unauthenticated,   // the caller has given no credentials, or unknown ones
  forbidden,         // the caller is known, and has no right to this
  start_up,          // the program cannot start with these settings
  not_in_charge,     // this node of the cluster cannot do it now; nothing was done; another node may
  put_first,         // a heartbeat that only the shared store can decide: a change Renew. Never reaches a client
  unreachable,       // another server cannot be reached, or does not answer as it should
};

struct Error {
  Errc code;
  std::string message;  // one sentence, saying what to change where that is known
  // The field of the input, empty when it is none in particular. The initializer spares Error{code, message} a warning.
  std::string field = {};  // NOLINT(readability-redundant-member-init)
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> failure(Errc code, std::string message, std::string field = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(field)});
}

}  // namespace rollcall
