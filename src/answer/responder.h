// Question and roster to response: the whole answer, in the order of the steps below. Pure: no socket, no clock, no
// lock.
//
//   dns::parse_query       silence, FORMERR, NOTIMP
//   agree on EDNS          BADVERS
//   ZoneTable::find_enclosing   REFUSED
//   Roster::find           a service's name: ServiceSections
//   StaticZone::look_up    any other name; aliases are followed, inside the zone
//   Reply                  sections, truncation, OPT
//
// Owner    borrows zones and roster for life; a worker's state is its own.
// Threads  any number, each with its own WorkerState.
// Source   RFC 1034 §4.3.2; dns-checklist.
#pragma once

#include <cstddef>
#include <cstdint>

#include "answer/counters.h"
#include "answer/reply.h"
#include "answer/roster.h"
#include "answer/service_sections.h"
#include "answer/zones.h"
#include "base/bytes.h"
#include "base/random.h"
#include "dns/query.h"
#include "registry/lease.h"

namespace rollcall::answer {

enum class Transport : std::uint8_t { udp, tcp };

struct WorkerState {
  Random random = Random::from_system();
  Scratch scratch;
  Counters counters;
};

class Responder {
 public:
  // `udp_payload`: most octets of a UDP answer (512 … 65535).
  Responder(const Zones& zones, const Roster& roster, std::size_t udp_payload)
      : zones_(zones), roster_(roster), udp_payload_(udp_payload) {}

  [[nodiscard]] std::size_t udp_payload() const { return udp_payload_; }

  // Writes the response into `out` (udp_payload octets, or 65535 over TCP) and returns its size; 0: no reply.
  // Takes a ReadLock; a caller with many queries holds one around them.
  [[nodiscard]] std::size_t respond(Bytes message, Transport transport, registry::LeaseTime now, WritableBytes out,
                                    WorkerState& worker) const;

 private:
  struct Exchange;  // one query on its way (responder.cc)

  std::size_t finish(Exchange& exchange, Reply& reply, dns::Rcode rcode) const;
  std::size_t fail(Exchange& exchange, dns::Rcode rcode, bool echo_question) const;
  std::size_t answer_other_opcode(Exchange& exchange) const;
  std::size_t answer_query(Exchange& exchange) const;

  const Zones& zones_;
  const Roster& roster_;
  const std::size_t udp_payload_;
};

}  // namespace rollcall::answer
