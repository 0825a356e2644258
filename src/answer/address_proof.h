// Proof of address: over UDP a source address can be forged; a client that sends back a cookie we made cannot have
// forged it.
//
// Shape    `read_cookie` looks at the query's COOKIE option and adds the reply's; `demand` decides whether this query is
//          answered before its client has shown one.
// Owner    the Responder; the token bucket of unproven queries is the worker's.
// Threads  any number, each with its own Exchange.
// Source   RFC 7873 §5.2-5.4, RFC 9018.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "answer/exchange.h"
#include "dns/cookie.h"

namespace rollcall::answer {

class AddressProof {
 public:
  // No secrets: cookies are not used. `required_above`: UDP queries a second without one of our cookies that a worker
  // answers; 0: all.
  AddressProof(dns::CookieSecrets secrets, std::uint32_t required_above)
      : secrets_(std::move(secrets)), required_above_(required_above) {}

  // Sets exchange.cookie, and adds the reply's COOKIE option. The query has EDNS.
  void read_cookie(Exchange& exchange) const;
  // The reply to a query over UDP that exceeds what is answered without proof; empty: it may be answered.
  [[nodiscard]] std::optional<Refusal> demand(Exchange& exchange) const {
    if (required_above_ == 0) return std::nullopt;
    return demand_beyond_rate(exchange);
  }
  // A query without a question: whether it is one for a cookie, and then the reply to it (RFC 7873 §5.4).
  [[nodiscard]] bool is_cookie_query(const dns::Query& query) const;
  [[nodiscard]] static Refusal answer_cookie_query(const Exchange& exchange);

 private:
  [[nodiscard]] std::optional<Refusal> demand_beyond_rate(Exchange& exchange) const;

  const dns::CookieSecrets secrets_;
  const std::uint32_t required_above_;
};

}  // namespace rollcall::answer
