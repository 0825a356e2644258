// What every answer to any octets must be, by a parser that is not the server's.
#pragma once

#include "base/bytes.h"

namespace rollcall::fuzz {

struct Limits {
  bool is_udp = true;
  std::size_t udp_payload = 512;  // the server's
};

// `reply` is not empty: silence is checked by expect_silence_was_due.
void check_reply(Bytes query, Bytes reply, const Limits& limits);

void expect_silence_was_due(Bytes query);

}  // namespace rollcall::fuzz
