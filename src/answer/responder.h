// Message and roster to response: the whole answer, in the order of the steps below. Pure: no socket, no clock, no lock.
//
//   FastWay::answer             A, AAAA, SRV of a service over UDP, from what is prebuilt; else the steps that follow
//   dns::parse_query            silence, FORMERR, NOTIMP
//   RequestSignature            NOTAUTH with BADKEY, BADSIG, BADTIME; what follows is signed
//   Responder::admit            BADVERS; EDNS options; REFUSED by the access list; AddressProof: BADCOOKIE or TC
//   TransferStart::begin        AXFR, IXFR: the first message, and a stream for the rest
//   ZoneTable::find_answering   REFUSED
//   Resolution::run             the roll's names and the zone file's; aliases are followed inside the zones
//   hold_to_freshness           EDE 3, or SERVFAIL with EDE 14, where the roll of a cluster is not fresh
//   RateLimiter::judge          over UDP: silence, TC or BADCOOKIE instead, for networks that ask too much
//   Reply::finish               OPT and header
//
// Owner    borrows zones and roster for life; a worker's state is its own.
// Threads  any number, each with its own WorkerState. Takes a ReadLock; a caller with many queries holds one around them.
// Failure  a step that ends a query early returns a Refusal; `refuse` writes it.
// Source   RFC 1034 §4.3.2; docs/architecture.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "answer/access.h"
#include "answer/address_proof.h"
#include "answer/exchange.h"
#include "answer/fast_way.h"
#include "answer/identity.h"
#include "answer/look_up/fast_query.h"
#include "answer/request_signature.h"
#include "answer/response.h"
#include "answer/roster/freshness.h"
#include "answer/roster/roster.h"
#include "answer/transfer/transfer_start.h"
#include "answer/zone/zones.h"
#include "base/bytes.h"

namespace rollcall::answer {

class Resolution;

struct ResponderSettings {
  std::size_t udp_payload = 1232;  // most octets of a UDP answer (512 … 65535)
  Identity identity = {};
  dns::CookieSecrets cookie_secrets = {};  // empty: no cookies
  // UDP queries a second without one of our cookies that a worker answers; 0: all.
  std::uint32_t cookies_required_above = 0;
  std::chrono::milliseconds tcp_idle{10'000};  // what the keepalive option tells (RFC 7828)
  AccessList access = {};
  RateLimit rate_limit = {};
  dns::TsigKeys tsig_keys = {};
  const Transfers* transfers = nullptr;  // borrowed; null: no zone is transferred
  bool explains = false;                 // `_explain.<name>` TXT says why
  const Freshness* freshness = nullptr;  // borrowed; null: the roll is always fresh
};

class Responder {
 public:
  Responder(const Zones& zones, const Roster& roster, ResponderSettings settings);

  [[nodiscard]] std::size_t udp_payload() const { return settings_.udp_payload; }

  // Writes the response's first message into `out`: 65535 octets over TCP; over UDP what a datagram may have, at least
  // 512 octets, of which udp_payload are used.
  [[nodiscard]] Response respond(Bytes message, const Client& client, registry::LeaseTime now, WritableBytes out,
                                 WorkerState& worker) const {
    return respond(message, client, now, out, worker, nullptr);
  }

  // Many queries over UDP are best read before the first is answered: what their answers need comes from memory
  // meanwhile. Each of these steps for all of them, then `respond`, under one ReadLock.
  void read_ahead(Bytes message, FastQuery& question) const { fast_way_.read_ahead(message, question); }
  void fetch_ahead(const FastQuery& question) const { fast_way_.fetch_ahead(question); }
  [[nodiscard]] Response respond(Bytes message, const Client& client, registry::LeaseTime now, WritableBytes out,
                                 WorkerState& worker, const FastQuery* read) const;

 private:
  // What the client takes in one message.
  [[nodiscard]] WritableBytes room_of(const Exchange& exchange, WritableBytes out) const;

  // What is answered without a look at the question's name; empty: the query goes on.
  [[nodiscard]] std::optional<Refusal> admit(Exchange& exchange) const;
  void agree_on_options(Exchange& exchange) const;
  [[nodiscard]] Refusal answer_without_question(Exchange& exchange) const;
  [[nodiscard]] Refusal answer_other_opcode(const Exchange& exchange) const;

  [[nodiscard]] Response answer_signed(Bytes message, Exchange& exchange) const;
  // `signature`: the request's, when it is good; null: it has none.
  [[nodiscard]] Response answer_query(Exchange& exchange, RequestSignature* signature) const;
  [[nodiscard]] std::optional<Refusal> refuse_expired(Exchange& exchange) const;
  [[nodiscard]] std::size_t answer_question(Exchange& exchange) const;
  [[nodiscard]] dns::Rcode hold_to_freshness(Exchange& exchange, const Resolution& resolution, dns::Rcode rcode) const;
  [[nodiscard]] std::size_t answer_chaos(Exchange& exchange) const;
  [[nodiscard]] std::size_t refuse(Exchange& exchange, const Refusal& refusal) const;

  [[nodiscard]] std::size_t finish(Exchange& exchange, Reply& reply, dns::Rcode rcode) const;
  [[nodiscard]] bool hold_to_rate(Exchange& exchange, Reply& reply, dns::Rcode& rcode) const;

  const Zones& zones_;
  const Roster& roster_;
  const ResponderSettings settings_;
  const FastWay fast_way_;
  const AddressProof proof_;
  const TransferStart transfers_;
};

}  // namespace rollcall::answer
