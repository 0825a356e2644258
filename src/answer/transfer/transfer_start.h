// The first message of a zone transfer, and the stream of those that follow it.
//
// Shape    `begin` comes to a first message or to a Refusal. The messages sign themselves, the first one too.
// Owner    the Responder; borrows zones and transfers for life.
// Threads  any. Takes a ReadLock, never while records are written.
// Source   RFC 5936 §2.2, §4.2 (AXFR); RFC 1995 §2-4 (IXFR).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

#include "answer/encode/reply_options.h"
#include "answer/transfer/transfer_stream.h"
#include "answer/transfer/transfers.h"
#include "answer/zone/zones.h"
#include "base/bytes.h"
#include "base/ip_address.h"
#include "dns/query.h"
#include "dns/tsig.h"

namespace rollcall::answer {

class TransferStart {
 public:
  // `transfers` null: no zone is transferred.
  TransferStart(const Zones& zones, const Transfers* transfers) : zones_(zones), transfers_(transfers) {}

  struct Request {
    const dns::Query& query;  // for AXFR or IXFR
    const IpAddress& client;
    bool over_udp = false;
    const dns::TsigSigner* signer = nullptr;  // of a request whose signature is good; null: not signed
    std::uint32_t wall_seconds = 0;
  };
  struct First {
    std::size_t bytes = 0;
    std::unique_ptr<TransferStream> rest = nullptr;  // null: that was all
  };
  // Writes to `room`, all that the client takes in one message. May add EXPIRE to `options`.
  [[nodiscard]] std::expected<First, Refusal> begin(const Request& request, Options& options, WritableBytes room) const;

 private:
  // The zone's id, when this client may have it.
  [[nodiscard]] std::expected<registry::ZoneId, Refusal> admit(const Request& request, Options& options) const;

  const Zones& zones_;
  const Transfers* const transfers_;
};

}  // namespace rollcall::answer
