#include "answer/address_proof.h"

#include "base/check.h"

namespace rollcall::answer {

void AddressProof::read_cookie(Exchange& exchange) const {
  check(exchange.query.edns.has_value(), "a cookie is an option of EDNS");
  const Bytes cookie = exchange.query.edns->cookie;
  if (cookie.empty() || secrets_.empty()) return;
  const std::uint32_t now = exchange.worker.wall_seconds;
  const IpAddress& address = exchange.client.address;
  const dns::CookieCheck found = dns::check_cookie(cookie, address, now, secrets_);
  exchange.cookie = {.is_used = true, .is_ours = found != dns::CookieCheck::unknown};
  if (found == dns::CookieCheck::good) {
    exchange.options.add(dns::Option::cookie, cookie);
  } else {
    exchange.options.add(dns::Option::cookie, dns::make_cookie(cookie, address, now, secrets_.front()));
  }
}

std::optional<Refusal> AddressProof::demand_beyond_rate(Exchange& exchange) const {
  const bool is_proven = !exchange.over_udp() || exchange.cookie.is_ours || exchange.signature_bytes > 0;
  if (is_proven) return std::nullopt;
  if (exchange.worker.unproven.take(required_above_, exchange.now)) return std::nullopt;
  Counters& counters = exchange.worker.counters;
  if (exchange.cookie.is_used) {  // RFC 7873 §5.2.3: BADCOOKIE, with a cookie to come back with
    counters.count_unproven(Counters::Unproven::badcookie);
    return Refusal{.rcode = dns::Rcode::badcookie};
  }
  counters.count_unproven(Counters::Unproven::truncated);  // a client without cookies comes back over TCP
  return Refusal{.rcode = dns::Rcode::noerror, .is_truncated = true};
}

bool AddressProof::is_cookie_query(const dns::Query& query) const {
  return query.edns && !query.edns->cookie.empty() && !secrets_.empty();
}

Refusal AddressProof::answer_cookie_query(const Exchange& exchange) {
  const bool has_server_part = exchange.query.edns->cookie.size() > dns::k_client_cookie_bytes;
  const bool is_wrong = has_server_part && !exchange.cookie.is_ours;
  return {.rcode = is_wrong ? dns::Rcode::badcookie : dns::Rcode::noerror, .echoes_question = false};
}

}  // namespace rollcall::answer
