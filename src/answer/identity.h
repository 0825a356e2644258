// What the server says of itself, to those who ask. Empty: it keeps silent (REFUSED, or no NSID).
#pragma once

#include <string>

namespace rollcall::answer {

struct Identity {
  std::string nsid = {};      // RFC 5001, at most k_identity_bytes_max octets; also CH TXT id.server (RFC 4892)
  std::string version = {};   // CH TXT version.bind, version.server
  std::string hostname = {};  // CH TXT hostname.bind
};

}  // namespace rollcall::answer
