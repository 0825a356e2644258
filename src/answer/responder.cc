#include "answer/responder.h"

#include <algorithm>

#include "answer/resolution.h"
#include "base/rcu.h"

namespace rollcall::answer {

using dns::Opcode;
using dns::Rcode;
using dns::Type;

struct Responder::Exchange {
  dns::Query query;
  Transport transport;
  registry::LeaseTime now;
  WritableBytes out;
  WorkerState& worker;
};

std::size_t Responder::respond(Bytes message, Transport transport, registry::LeaseTime now, WritableBytes out,
                               WorkerState& worker) const {
  Exchange exchange{.query = {}, .transport = transport, .now = now, .out = out, .worker = worker};
  switch (dns::parse_query(message, exchange.query)) {
    case dns::Parsed::silence:
      worker.counters.count_silence();
      return 0;
    case dns::Parsed::bad_header:
      return fail(exchange, Rcode::formerr, false);
    case dns::Parsed::bad_message:
      return fail(exchange, Rcode::formerr, true);
    case dns::Parsed::other_opcode:
      return answer_other_opcode(exchange);
    case dns::Parsed::query:
      return answer_query(exchange);
  }
  return 0;
}

std::size_t Responder::finish(Exchange& exchange, Reply& reply, Rcode rcode) const {
  const std::size_t size = reply.finish(rcode, static_cast<std::uint16_t>(udp_payload_));
  exchange.worker.counters.count_answer(exchange.query.question.empty() ? Type::none : exchange.query.type, rcode,
                                        reply.is_truncated(), size);
  return size;
}

std::size_t Responder::fail(Exchange& exchange, Rcode rcode, bool echo_question) const {
  if (!echo_question) exchange.query.question = {};
  Reply reply(exchange.out.first(limits::k_udp_payload_min), exchange.query, echo_question);
  return finish(exchange, reply, rcode);
}

// UPDATE has a zone to be refused for (RFC 2136 §3.1.1, §3.3); any other opcode is unknown here (RFC 8906 §8.1.4).
std::size_t Responder::answer_other_opcode(Exchange& exchange) const {
  const dns::Query& query = exchange.query;
  if (query.opcode != Opcode::update) return fail(exchange, Rcode::notimp, false);
  if (query.question.empty() || query.type != Type::soa) return fail(exchange, Rcode::formerr, false);
  const rcu::ReadLock lock;
  const Zone* zone = zones_.table().find(query.name.suffix(0));
  return fail(exchange, zone == nullptr ? Rcode::notauth : Rcode::refused, true);
}

std::size_t Responder::answer_query(Exchange& exchange) const {
  const dns::Query& query = exchange.query;
  if (query.edns && query.edns->version > 0) return fail(exchange, Rcode::badvers, true);  // RFC 6891 §6.1.3
  switch (query.type) {                                                                    // types that are never data
    case Type::none:
    case Type::opt:
    case Type::tsig:
    case Type::nxname:
      return fail(exchange, Rcode::formerr, true);
    case Type::maila:
    case Type::mailb:
      return fail(exchange, Rcode::notimp, true);
    case Type::axfr:  // over UDP never legal (RFC 5936 §4.2)
    case Type::ixfr:
      return fail(exchange, exchange.transport == Transport::udp ? Rcode::notimp : Rcode::refused, true);
    default:
      break;
  }
  if (query.klass != dns::Class::in) return fail(exchange, Rcode::refused, true);

  const rcu::ReadLock lock;
  const ZoneTable& zones = zones_.table();
  const Zone* zone = zones.find_enclosing(query.name);
  if (zone == nullptr) return fail(exchange, Rcode::refused, true);

  std::size_t limit = exchange.out.size();
  if (exchange.transport == Transport::udp) {
    const std::size_t asked = query.edns ? query.edns->payload : limits::k_udp_payload_min;
    limit = std::min({limit, udp_payload_, std::max(asked, limits::k_udp_payload_min)});
  }
  Reply reply(exchange.out.first(limit), query, true);
  Resolution resolution(zones, roster_, *zone, query, reply, exchange.now, exchange.worker.random,
                        exchange.worker.scratch);
  const Rcode rcode = resolution.run();
  return finish(exchange, reply, rcode);
}

}  // namespace rollcall::answer
