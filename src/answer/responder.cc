#include "answer/responder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "answer/exchange.h"
#include "answer/look_up/resolution.h"
#include "base/rcu.h"

namespace rollcall::answer {

using dns::Opcode;
using dns::Rcode;
using dns::Type;

namespace {

// Folded wire form, the root's octet included.
constexpr std::string_view k_version_bind("\7version\4bind\0", 14);
constexpr std::string_view k_version_server("\7version\6server\0", 16);
constexpr std::string_view k_hostname_bind("\10hostname\4bind\0", 15);
constexpr std::string_view k_id_server("\2id\6server\0", 11);

AnswerKind kind_of(const Reply& reply, Rcode rcode) {
  if (rcode == Rcode::nxdomain) return AnswerKind::negative;
  if (rcode != Rcode::noerror) return AnswerKind::error;
  const bool has_records = reply.records(Section::answer) > 0 || reply.is_truncated() || !reply.is_authoritative();
  return has_records ? AnswerKind::positive : AnswerKind::negative;
}

}  // namespace

std::size_t Responder::respond(Bytes message, const Client& client, registry::LeaseTime now, WritableBytes out,
                               WorkerState& worker, const FastQuery* read) const {
  if (has_fast_way_ && client.transport == Transport::udp) {
    const rcu::ReadLock lock;
    FastQuery own;
    if (read == nullptr) {
      own.read(message, zones_.table());
      read = &own;
    }
    if (read->is_fast) {
      if (const auto size = answer_fast(message, *read, client, now, out, worker)) return *size;
    }
  }
  Exchange exchange{.message = message, .query = {}, .client = client, .now = now, .out = out, .worker = worker};
  switch (dns::parse_query(message, exchange.query)) {
    case dns::Parsed::silence: worker.counters.count_silence(); return 0;
    case dns::Parsed::no_question: return answer_cookie_query(exchange);
    case dns::Parsed::bad_header: return fail(exchange, Rcode::formerr, false);
    case dns::Parsed::bad_message: return fail(exchange, Rcode::formerr, true);
    case dns::Parsed::other_opcode: return answer_other_opcode(exchange);
    case dns::Parsed::query: return exchange.query.tsig ? answer_signed(exchange) : answer_query(exchange);
  }
  return 0;
}

// What the reply's OPT will carry, as far as it is known before the answer.
void Responder::agree_on_options(Exchange& exchange) const {
  const dns::Edns& edns = *exchange.query.edns;
  if (edns.nsid && !settings_.identity.nsid.empty()) {
    exchange.options.add(dns::Option::nsid, octets(settings_.identity.nsid));
  }
  if (!edns.cookie.empty() && !settings_.cookie_secrets.empty()) {
    const std::uint32_t now = exchange.worker.wall_seconds;
    const IpAddress& address = exchange.client.address;
    const dns::CookieCheck check = dns::check_cookie(edns.cookie, address, now, settings_.cookie_secrets);
    exchange.has_cookie = true;
    exchange.is_known = check != dns::CookieCheck::unknown;
    if (check == dns::CookieCheck::good) {
      exchange.options.add(dns::Option::cookie, edns.cookie);
    } else {
      const dns::Cookie fresh = dns::make_cookie(edns.cookie, address, now, settings_.cookie_secrets.front());
      exchange.options.add(dns::Option::cookie, fresh);
    }
  }
  if (edns.keepalive && !exchange.over_udp()) {
    std::array<std::uint8_t, 2> timeout{};
    store_u16(timeout.data(), static_cast<std::uint16_t>(settings_.tcp_idle / std::chrono::milliseconds(100)));
    exchange.options.add(dns::Option::tcp_keepalive, timeout);
  }
}

// RFC 7314 §3.1: a primary's copy is as good as new.
void Responder::tell_expiry(Exchange& exchange, const Zone& zone) {
  if (!exchange.query.edns || !exchange.query.edns->expire) return;
  std::array<std::uint8_t, 4> seconds{};
  store_u32(seconds.data(), zone.records.expire_seconds());
  exchange.options.add(dns::Option::expire, seconds);
}

// RFC 7873 §5.4: no question, only a cookie to be checked or had.
std::size_t Responder::answer_cookie_query(Exchange& exchange) const {
  const std::optional<dns::Edns>& edns = exchange.query.edns;
  if (!edns || edns->cookie.empty() || settings_.cookie_secrets.empty()) return fail(exchange, Rcode::formerr, false);
  if (edns->version > 0) return fail(exchange, Rcode::badvers, false);
  agree_on_options(exchange);
  const bool has_server_part = edns->cookie.size() > dns::k_client_cookie_bytes;
  const bool is_wrong =
      has_server_part && dns::check_cookie(edns->cookie, exchange.client.address, exchange.worker.wall_seconds,
                                           settings_.cookie_secrets) == dns::CookieCheck::unknown;
  return fail(exchange, is_wrong ? Rcode::badcookie : Rcode::noerror, false);
}

// Whether a query over UDP, whose sender may be forged, comes on top of all that are answered unseen.
bool Responder::must_prove_address(Exchange& exchange) const {
  const bool is_proven = !exchange.over_udp() || exchange.is_known || exchange.signer;
  if (settings_.cookies_required_above == 0 || is_proven) return false;
  return !exchange.worker.unproven.take(settings_.cookies_required_above, exchange.now);
}

// RFC 7873 §5.2.3: with a cookie to come back with; who sends none comes back over TCP.
std::size_t Responder::ask_for_proof(Exchange& exchange) const {
  const bool has_cookie = exchange.has_cookie;
  exchange.worker.counters.count_unproven(has_cookie ? Counters::Unproven::badcookie : Counters::Unproven::truncated);
  Reply reply(exchange.out.first(limits::k_udp_payload_min), exchange.query, true, exchange.options);
  if (!has_cookie) reply.set_truncated();
  return finish(exchange, reply, has_cookie ? Rcode::badcookie : Rcode::noerror);
}

// False: nothing is sent. What exceeds the rate is answered without records, and the client told how to go on: with the
// cookie it now has (RFC 7873 §5.2.3), or over TCP.
bool Responder::hold_to_rate(Exchange& exchange, Reply& reply, Rcode& rcode) const {
  if (settings_.rate_limit.rate == 0 || !exchange.over_udp() || exchange.is_known) return true;
  WorkerState& worker = exchange.worker;
  const auto verdict =
      worker.rate_limiter.judge(settings_.rate_limit, exchange.client.address, kind_of(reply, rcode), exchange.now);
  switch (verdict) {
    case RateLimiter::Verdict::send: return true;
    case RateLimiter::Verdict::drop: worker.counters.count_limited(Counters::Limited::dropped); return false;
    case RateLimiter::Verdict::cut: break;
  }
  reply.cut();
  if (exchange.has_cookie) rcode = Rcode::badcookie;
  if (!exchange.has_cookie) reply.set_truncated();
  worker.counters.count_limited(exchange.has_cookie ? Counters::Limited::badcookie : Counters::Limited::truncated);
  return true;
}

std::size_t Responder::finish(Exchange& exchange, Reply& reply, Rcode rcode) const {
  if (!hold_to_rate(exchange, reply, rcode)) return 0;
  if (exchange.client.transport == Transport::tls && exchange.query.edns && exchange.query.edns->padding) {
    reply.pad_to(limits::k_padding_block_bytes);
  }
  const std::size_t size = reply.finish(rcode, static_cast<std::uint16_t>(settings_.udp_payload));
  exchange.worker.counters.count_answer(exchange.query.question.empty() ? Type::none : exchange.query.type, rcode,
                                        reply.is_truncated(), size);
  return size;
}

std::size_t Responder::fail(Exchange& exchange, Rcode rcode, bool echo_question) const {
  if (!echo_question) exchange.query.question = {};
  Reply reply(exchange.out.first(limits::k_udp_payload_min), exchange.query, echo_question, exchange.options);
  if (exchange.explanation) reply.explain(exchange.explanation->code, exchange.explanation->text);
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

WritableBytes Responder::room_of(const Exchange& exchange) const {
  if (!exchange.over_udp()) return exchange.out;
  const std::optional<dns::Edns>& edns = exchange.query.edns;
  const std::size_t asked = edns ? edns->payload : limits::k_udp_payload_min;
  return exchange.out.first(
      std::min({exchange.out.size(), settings_.udp_payload, std::max(asked, limits::k_udp_payload_min)}));
}

std::size_t Responder::answer_query(Exchange& exchange) const {
  const dns::Query& query = exchange.query;
  if (query.edns) {
    if (query.edns->version > 0) return fail(exchange, Rcode::badvers, true);  // RFC 6891 §6.1.3
    agree_on_options(exchange);
  }
  if (!settings_.access.permits(exchange.client.address)) {
    exchange.explanation = {dns::ExtendedError::prohibited, "your address may not ask here"};
    return fail(exchange, Rcode::refused, true);
  }
  if (must_prove_address(exchange)) return ask_for_proof(exchange);
  switch (query.type) {  // types that are never data
    case Type::nxname:
      exchange.explanation = {dns::ExtendedError::invalid_query_type, "NXNAME is no type to ask for"};
      return fail(exchange, Rcode::formerr, true);
    case Type::none:
    case Type::opt:
    case Type::tsig: return fail(exchange, Rcode::formerr, true);
    case Type::maila:
    case Type::mailb: return fail(exchange, Rcode::notimp, true);
    case Type::axfr:
    case Type::ixfr: return answer_transfer(exchange);
    default: break;
  }
  if (query.klass == dns::Class::chaos) return answer_chaos(exchange);
  if (query.klass != dns::Class::in) return fail(exchange, Rcode::refused, true);

  const rcu::ReadLock lock;
  const ZoneTable& zones = zones_.table();
  const Zone* zone = zones.find_answering(query.name, query.type);
  if (zone == nullptr) {
    exchange.explanation = k_not_ours;
    return fail(exchange, Rcode::refused, true);
  }
  if (query.type == Type::soa && zones.find(query.name.suffix(0)) == zone) tell_expiry(exchange, *zone);
  std::size_t limit = room_of(exchange).size();
  if (exchange.over_udp()) {
    // The signature comes out of the client's room; header, question and OPT do not.
    limit = std::max(limit - std::min(limit, exchange.signature_bytes), Reply::needed_bytes(query, exchange.options));
  }
  Reply reply(exchange.out.first(limit), query, true, exchange.options);
  if (!exchange.over_udp()) reply.set_varying();
  if (settings_.explains && put_why(exchange, *zone, reply)) return finish(exchange, reply, Rcode::noerror);
  Resolution resolution(zones, roster_, *zone, query, reply, exchange.now, exchange.worker.random,
                        exchange.worker.scratch);
  const Rcode rcode = resolution.run();
  if (reply.is_truncated() && !exchange.over_udp()) {
    reply.explain(k_cut_short.code, k_cut_short.text);
  }
  return finish(exchange, reply, rcode);
}

// RFC 4892 and BIND's custom: four names, each one string; what the operator keeps to himself is refused.
std::size_t Responder::answer_chaos(Exchange& exchange) const {
  const std::string_view name = exchange.query.name.suffix(0);
  const Identity& identity = settings_.identity;
  const std::string* text = nullptr;
  if (name == k_version_bind || name == k_version_server) text = &identity.version;
  if (name == k_hostname_bind) text = &identity.hostname;
  if (name == k_id_server) text = &identity.nsid;
  const bool wants_text = exchange.query.type == Type::txt || exchange.query.type == Type::any;
  if (text == nullptr || text->empty() || !wants_text) return fail(exchange, Rcode::refused, true);
  Reply reply(exchange.out.first(limits::k_udp_payload_min), exchange.query, true, exchange.options);
  const std::string rdata = static_cast<char>(std::min<std::size_t>(text->size(), 255)) + text->substr(0, 255);
  reply.put(Section::answer, Reply::k_question_name_at, Type::txt, 0, octets(rdata), dns::Class::chaos);
  return finish(exchange, reply, Rcode::noerror);
}

}  // namespace rollcall::answer
