// Everything a look-up can come to. A switch over it has no default: a new case is a warning, and warnings are errors.
#pragma once

#include <cstdint>

namespace rollcall::answer {

enum class Found : std::uint8_t {
  hit,          // owner and type exist                      NOERROR, records
  nodata,       // owner exists, type does not               NOERROR, SOA      RFC 2308 §2.2
  nxdomain,     // nothing at or below the owner             NXDOMAIN, SOA     RFC 2308 §2.1, RFC 8020
  delegation,   // a zone cut in the zone file               NOERROR, NS, glue RFC 1034 §4.3.2 3b
  alias,        // CNAME                                     follow            RFC 1034 §4.3.2 3a
  redirect,     // DNAME above the owner                     follow            RFC 6672 §3.2
  unavailable,  // the registry cannot say                   SERVFAIL; never an empty answer
};

}  // namespace rollcall::answer
