// One query on its way through the Responder, and what its worker keeps between queries.
//
// Shape    plain values, filled in the order of the steps: query, room, options and cookie, signature. Nothing is taken
//          back once it is set.
// Owner    an Exchange lives for one call and borrows everything; a WorkerState is its worker's own.
// Threads  one worker.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "answer/counters.h"
#include "answer/encode/reply.h"
#include "answer/encode/section_list.h"
#include "answer/rate_limit.h"
#include "answer/roster/member_order.h"
#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/random.h"
#include "dns/query.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

enum class Transport : std::uint8_t { udp, tcp, tls };

// The client's address and transport.
struct Client {
  Client(Transport how, IpAddress who = {}) : transport(how), address(who) {}  // NOLINT(google-explicit-constructor)
  Transport transport;
  IpAddress address;
};

struct WorkerState {
  std::uint32_t wall_seconds = 0;  // of the batch, for cookies (RFC 9018 §4.3)
  Random random = Random::from_system();
  Scratch scratch;
  SectionList sections;
  RateLimiter rate_limiter;
  TokenBucket unproven;  // queries over UDP without one of our cookies
  Counters counters;
};

// What the query's COOKIE option says about its sender.
struct CookieStatus {
  bool is_used = false;  // the client speaks cookies
  bool is_ours = false;  // it sent one that we made: its address is not forged
};

struct Exchange {
  Exchange(const Client& who, registry::LeaseTime when, WorkerState& whose) : client(who), now(when), worker(whose) {}

  const Client& client;
  const registry::LeaseTime now;
  WorkerState& worker;
  dns::Query query;         // names and options are not zeroed before they are read
  WritableBytes room = {};  // what the client takes in one message, with a signature
  Options options;
  CookieStatus cookie = {};
  std::size_t signature_bytes = 0;  // 0: the reply is not signed

  [[nodiscard]] bool over_udp() const { return client.transport == Transport::udp; }
  // Where header, question, records and OPT go. Over UDP the signature takes room from the records only.
  [[nodiscard]] WritableBytes unsigned_room() const {
    const std::size_t left = room.size() - std::min(room.size(), signature_bytes);
    return room.first(over_udp() ? std::max(left, Reply::needed_bytes(query, options)) : left);
  }
};

}  // namespace rollcall::answer
