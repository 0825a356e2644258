// Server identity for CHAOS and NSID queries. Empty: not disclosed (REFUSED, or no NSID).
//
// Source   RFC 4892 and BIND's custom: TXT of four names in class CHAOS, one string each. RFC 5001 (NSID).
#pragma once

#include <string>

#include "dns/query.h"

namespace rollcall::answer {

struct Identity {
  std::string nsid = {};      // RFC 5001, at most k_identity_bytes_max octets; also CH TXT id.server (RFC 4892)
  std::string version = {};   // CH TXT version.bind, version.server
  std::string hostname = {};  // CH TXT hostname.bind

  // The text a CHAOS query asks for; null: it is not said, or the name or type is another.
  [[nodiscard]] const std::string* find(const dns::Query& query) const;
};

}  // namespace rollcall::answer
