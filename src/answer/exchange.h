// One query on its way through the Responder.
//
// Owner    the Responder's, for one call; borrows everything.
#pragma once

#include <optional>

#include "answer/responder.h"

namespace rollcall::answer {

struct Responder::Exchange {
  Bytes message;  // as it came
  dns::Query query;
  const Client& client;
  registry::LeaseTime now;
  WritableBytes out;
  WorkerState& worker;
  Options options = {};
  std::optional<Explanation> explanation = {};
  bool has_cookie = false;                     // the client speaks cookies
  bool is_known = false;                       // and has shown one of ours: its address is not forged
  std::optional<dns::TsigSigner> signer = {};  // of a request whose signature is good
  std::size_t signature_bytes = 0;             // what the signature of the reply takes

  [[nodiscard]] bool over_udp() const { return client.transport == Transport::udp; }
};

}  // namespace rollcall::answer
