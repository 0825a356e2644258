// The answer to a usual question, copied from a service's prebuilt records: octet for octet what the Responder's full steps
// would write.
//
// Shape    `write` returns the message's size, or 0 where the full steps have to decide: no ready instance, a lease that ends
//          within the TTL, a limit on answers, more records than fit.
// Threads  a worker's; under its ReadLock.
// Source   RFC 2782.
#pragma once

#include <cstddef>
#include <cstdint>

#include "answer/look_up/fast_query.h"
#include "answer/roster/member_order.h"
#include "answer/roster/service_answers.h"
#include "base/bytes.h"
#include "base/random.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

class FastAnswer {
 public:
  // `room` is what an answer over UDP may take here; `payload` what OPT says of this server.
  FastAnswer(Bytes message, const FastQuery& question, WritableBytes room, std::uint16_t payload);

  [[nodiscard]] std::size_t write(const ServiceAnswers& answers, registry::LeaseTime now, Random& random,
                                  Scratch& scratch);
  // Without records, and with TC.
  [[nodiscard]] std::size_t write_cut();

 private:
  [[nodiscard]] bool put_addresses(const ServiceAnswers& answers, const AddressList& list, Family family,
                                   Random& random, Scratch& scratch);
  [[nodiscard]] bool put_srv(const ServiceAnswers& answers, Random& random, Scratch& scratch);
  bool put_additionals(const ServiceAnswers& answers, const Scratch& scratch);
  [[nodiscard]] std::size_t finish(std::uint16_t flags);
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  const Bytes message_;
  const FastQuery& question_;
  const std::uint16_t payload_;
  std::uint8_t* const begin_;
  std::uint8_t* at_;
  std::uint8_t* end_;  // of the room for records
  std::uint32_t ttl_ = 0;
  std::uint16_t answers_ = 0;
  std::uint16_t additionals_ = 0;
};

}  // namespace rollcall::answer
