// Question and roster to response: the whole answer, in the order of the steps below. Pure: no socket, no clock, no
// lock.
//
//   FastQuery          A, AAAA, SRV of `S.Z` over UDP, from what is prebuilt; what is different in any way goes on
//   dns::parse_query       silence, FORMERR, NOTIMP
//   verify_tsig            NOTAUTH with BADKEY, BADSIG, BADTIME; what follows is signed
//   agree on EDNS          BADVERS; cookie, NSID, keepalive
//   must_prove_address     over UDP under load: BADCOOKIE or TC
//   Transfers              AXFR, IXFR: the first message, and a stream for the rest
//   ZoneTable::find_enclosing   REFUSED
//   Roster::find           a service's name: ServiceWriter
//   StaticZone::look_up    any other name; aliases are followed, inside the zone
//   Reply                  sections, truncation, OPT
//   RateLimiter            over UDP: silence, TC or BADCOOKIE instead, for networks that ask too much
//
// Owner    borrows zones and roster for life; a worker's state is its own.
// Threads  any number, each with its own WorkerState.
// Source   RFC 1034 §4.3.2; dns-checklist.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "answer/access.h"
#include "answer/counters.h"
#include "answer/encode/reply.h"
#include "answer/encode/service_writer.h"
#include "answer/identity.h"
#include "answer/look_up/fast_query.h"
#include "answer/rate_limit.h"
#include "answer/roster/roster.h"
#include "answer/transfer/transfer_stream.h"
#include "answer/transfer/transfers.h"
#include "answer/zone/zones.h"
#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/random.h"
#include "dns/cookie.h"
#include "dns/query.h"
#include "registry/lease.h"

namespace rollcall::answer {

enum class Transport : std::uint8_t { udp, tcp, tls };

// Who asks, and how.
struct Client {
  Client(Transport how, IpAddress who = {}) : transport(how), address(who) {}  // NOLINT(google-explicit-constructor)
  Transport transport;
  IpAddress address;
};

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
};

struct WorkerState {
  std::uint32_t wall_seconds = 0;  // of the batch, for cookies (RFC 9018 §4.3)
  Random random = Random::from_system();
  Scratch scratch;
  RateLimiter rate_limiter;
  TokenBucket unproven;  // queries over UDP without one of our cookies
  Counters counters;
  // What follows the message just answered, when it was the first of a zone transfer: for the caller to take.
  std::unique_ptr<TransferStream> transfer;
};

class Responder {
 public:
  Responder(const Zones& zones, const Roster& roster, ResponderSettings settings)
      : zones_(zones), roster_(roster), settings_(std::move(settings)), has_fast_way_(has_fast_way(settings_)) {}

  [[nodiscard]] std::size_t udp_payload() const { return settings_.udp_payload; }

  // Writes the response into `out` (65535 octets over TCP, over UDP what a datagram may have, udp_payload at most) and
  // returns its size; 0: no reply.
  // Takes a ReadLock; a caller with many queries holds one around them.
  [[nodiscard]] std::size_t respond(Bytes message, const Client& client, registry::LeaseTime now, WritableBytes out,
                                    WorkerState& worker) const {
    return respond(message, client, now, out, worker, nullptr);
  }

  // Many queries over UDP are best read before the first is answered: what their answers need comes from memory
  // meanwhile. Each of these steps for all of them, then `respond`, under one ReadLock.
  void read_ahead(Bytes message, FastQuery& question) const;
  void fetch_ahead(const FastQuery& question) const;
  [[nodiscard]] std::size_t respond(Bytes message, const Client& client, registry::LeaseTime now, WritableBytes out,
                                    WorkerState& worker, const FastQuery* read) const;

 private:
  struct Exchange;  // one query on its way (responder.cc)

  // --- The usual question (responder_fast.cc) ---
  // Nobody is refused, nobody has to prove anything, and no name has another meaning.
  [[nodiscard]] static bool has_fast_way(const ResponderSettings& settings);
  // Empty: it goes the whole way.
  [[nodiscard]] std::optional<std::size_t> answer_fast(Bytes message, const FastQuery& question, const Client& client,
                                                       registry::LeaseTime now, WritableBytes out,
                                                       WorkerState& worker) const;

  std::size_t finish(Exchange& exchange, Reply& reply, dns::Rcode rcode) const;
  [[nodiscard]] bool hold_to_rate(Exchange& exchange, Reply& reply, dns::Rcode& rcode) const;
  std::size_t fail(Exchange& exchange, dns::Rcode rcode, bool echo_question) const;
  std::size_t answer_other_opcode(Exchange& exchange) const;
  std::size_t answer_cookie_query(Exchange& exchange) const;
  [[nodiscard]] bool must_prove_address(Exchange& exchange) const;
  std::size_t ask_for_proof(Exchange& exchange) const;
  std::size_t answer_signed(Exchange& exchange) const;
  std::size_t refuse_signature(Exchange& exchange, const dns::TsigVerdict& verdict) const;
  // What the client takes: all of `out`, but over UDP.
  [[nodiscard]] WritableBytes room_of(const Exchange& exchange) const;
  std::size_t answer_query(Exchange& exchange) const;
  std::size_t answer_transfer(Exchange& exchange) const;
  std::size_t answer_chaos(Exchange& exchange) const;
  // False: the name does not ask why, and is one like any other.
  bool put_why(const Exchange& exchange, const Zone& zone, Reply& reply) const;
  void agree_on_options(Exchange& exchange) const;
  static void tell_expiry(Exchange& exchange, const Zone& zone);

  const Zones& zones_;
  const Roster& roster_;
  const ResponderSettings settings_;
  const bool has_fast_way_;
};

}  // namespace rollcall::answer
