// The last step of every response of a door: its manners (CORS, ETag and 304, gzip), and the counters.
//
// Shape    what the request asked for is copied: a response may be made long after its request.
// Threads  `apply`: whichever thread makes the response.
// Source   RFC 9110 §8.8.3 (ETag), §12.5.3 (Accept-Encoding), §13.1.2 (If-None-Match); Fetch §3.2 (CORS).
#pragma once

#include <optional>
#include <string>

#include "api/door.h"

namespace rollcall::api {

class Finish {
 public:
  Finish(const Manners& manners, const Request& request, Counters& counters);

  // Once for each response.
  void apply(Response& response) const;

 private:
  void tag(Response& response) const;
  void compress(Response& response) const;

  Counters* counters_;
  std::optional<std::string> if_none_match_;  // empty: the door's answers, or the call's, are not conditional
  bool accepts_gzip_ = false;
  bool varies_by_encoding_ = false;
  bool allows_other_origins_ = false;
};

// net/ makes some responses itself (408, 413, 431, 503 …), and counts them here.
void count_errors(const Response& response, Counters& counters);

}  // namespace rollcall::api
