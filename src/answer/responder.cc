#include "answer/responder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "answer/encode/encoder.h"
#include "answer/explain/why.h"
#include "answer/look_up/resolution.h"
#include "answer/look_up/stale_answer.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/rcu.h"

namespace rollcall::answer {

using dns::Opcode;
using dns::Rcode;
using dns::Type;

namespace {

AnswerKind kind_of(const Reply& reply, Rcode rcode) {
  if (rcode == Rcode::nxdomain) return AnswerKind::negative;
  if (rcode != Rcode::noerror) return AnswerKind::error;
  const bool has_records = reply.records(Section::answer) > 0 || reply.is_truncated() || !reply.is_authoritative();
  return has_records ? AnswerKind::positive : AnswerKind::negative;
}

// True when no access list, cookie requirement or `_explain` is configured: the usual question then needs no other step.
bool has_fast_way(const ResponderSettings& settings) {
  const bool answers_all = settings.access.allow.empty() && settings.access.deny.empty();
  return answers_all && settings.cookies_required_above == 0 && !settings.explains;
}

bool is_transfer(Type type) { return type == Type::axfr || type == Type::ixfr; }

// Types that are never data.
std::optional<Refusal> refuse_type(Type type) {
  switch (type) {
    case Type::nxname:
      return Refusal{Rcode::formerr,
                     Explanation{dns::ExtendedError::invalid_query_type, "NXNAME is no type to ask for"}};
    case Type::none:
    case Type::opt:
    case Type::tsig: return Refusal{Rcode::formerr};
    case Type::maila:
    case Type::mailb: return Refusal{Rcode::notimp};
    default: return std::nullopt;
  }
}

}  // namespace

Responder::Responder(const Zones& zones, const Roster& roster, ResponderSettings settings)
    : zones_(zones),
      roster_(roster),
      settings_(std::move(settings)),
      fast_way_(zones, roster, has_fast_way(settings_), settings_.udp_payload, settings_.rate_limit,
                settings_.freshness),
      proof_(settings_.cookie_secrets, settings_.cookies_required_above),
      transfers_(zones, settings_.transfers) {
  check(settings_.udp_payload >= limits::k_udp_payload_min && settings_.udp_payload <= limits::k_message_bytes_max,
        "an answer over UDP has from 512 to 65535 octets");
}

Response Responder::respond(Bytes message, const Client& client, registry::LeaseTime now, WritableBytes out,
                            WorkerState& worker, const FastQuery* read) const {
  check(out.size() >= limits::k_udp_payload_min, "an answer has room for 512 octets");
  if (fast_way_.is_open() && client.transport == Transport::udp) {
    if (const auto size = fast_way_.answer(message, client, now, out, worker, read)) return {.bytes = *size};
  }
  Exchange exchange(client, now, worker);
  const dns::Parsed parsed = dns::parse_query(message, exchange.query);
  exchange.room = room_of(exchange, out);
  switch (parsed) {
    case dns::Parsed::silence: exchange.worker.counters.count_silence(); return {};
    case dns::Parsed::no_question: return {.bytes = refuse(exchange, answer_without_question(exchange))};
    case dns::Parsed::bad_header:
      return {.bytes = refuse(exchange, {.rcode = Rcode::formerr, .echoes_question = false})};
    case dns::Parsed::bad_message: return {.bytes = refuse(exchange, {.rcode = Rcode::formerr})};
    case dns::Parsed::other_opcode: return {.bytes = refuse(exchange, answer_other_opcode(exchange))};
    case dns::Parsed::query:
      return exchange.query.tsig ? answer_signed(message, exchange) : answer_query(exchange, nullptr);
  }
  return {};
}

WritableBytes Responder::room_of(const Exchange& exchange, WritableBytes out) const {
  if (!exchange.over_udp()) return out;
  const std::optional<dns::Edns>& edns = exchange.query.edns;
  const std::size_t asked = edns ? edns->payload : limits::k_udp_payload_min;
  return out.first(std::min({out.size(), settings_.udp_payload, std::max(asked, limits::k_udp_payload_min)}));
}

// --- The steps in front of the question ---

// What the reply's OPT will carry, as far as it is known before the answer.
void Responder::agree_on_options(Exchange& exchange) const {
  const dns::Edns& edns = *exchange.query.edns;
  if (edns.nsid && !settings_.identity.nsid.empty()) {
    exchange.options.add(dns::Option::nsid, octets(settings_.identity.nsid));
  }
  proof_.read_cookie(exchange);
  if (edns.keepalive && !exchange.over_udp()) {
    std::array<std::uint8_t, 2> timeout{};
    store_u16(timeout.data(), static_cast<std::uint16_t>(settings_.tcp_idle / std::chrono::milliseconds(100)));
    exchange.options.add(dns::Option::tcp_keepalive, timeout);
  }
}

std::optional<Refusal> Responder::admit(Exchange& exchange) const {
  if (exchange.query.edns) {
    if (exchange.query.edns->version > 0) return Refusal{Rcode::badvers};  // RFC 6891 §6.1.3
    agree_on_options(exchange);
  }
  if (!settings_.access.permits(exchange.client.address)) {
    return Refusal{Rcode::refused, Explanation{dns::ExtendedError::prohibited, "your address may not ask here"}};
  }
  if (const std::optional<Refusal> proof = proof_.demand(exchange)) return proof;
  return refuse_type(exchange.query.type);
}

// RFC 7873 §5.4: no question, only a cookie to be checked or had.
Refusal Responder::answer_without_question(Exchange& exchange) const {
  if (!proof_.is_cookie_query(exchange.query)) return {.rcode = Rcode::formerr, .echoes_question = false};
  if (exchange.query.edns->version > 0) return {.rcode = Rcode::badvers, .echoes_question = false};
  agree_on_options(exchange);
  return AddressProof::answer_cookie_query(exchange);
}

// UPDATE has a zone to be refused for (RFC 2136 §3.1.1, §3.3); any other opcode is unknown here (RFC 8906 §8.1.4).
Refusal Responder::answer_other_opcode(const Exchange& exchange) const {
  const dns::Query& query = exchange.query;
  if (query.opcode != Opcode::update) return {.rcode = Rcode::notimp, .echoes_question = false};
  if (query.question.empty() || query.type != Type::soa) return {.rcode = Rcode::formerr, .echoes_question = false};
  const rcu::ReadLock lock;
  const Zone* zone = zones_.table().find(query.name.suffix(0));
  return {.rcode = zone == nullptr ? Rcode::notauth : Rcode::refused};
}

// --- The question ---

Response Responder::answer_signed(Bytes message, Exchange& exchange) const {
  RequestSignature signature(message, *exchange.query.tsig, settings_.tsig_keys, exchange.worker.wall_seconds);
  if (signature.is_malformed()) return {.bytes = refuse(exchange, {.rcode = Rcode::formerr})};
  if (signature.is_good()) {
    exchange.signature_bytes = signature.bytes();
    return answer_query(exchange, &signature);
  }
  const std::size_t size = refuse(exchange, {.rcode = Rcode::notauth});
  return {.bytes = size == 0 ? 0 : signature.sign(exchange.room, size)};
}

// A secondary of a roll that is out of date is not to go on as if it were not: its copy expires too.
std::optional<Refusal> Responder::refuse_expired(Exchange& exchange) const {
  if (state_of(settings_.freshness) != Freshness::State::expired) return std::nullopt;
  exchange.worker.counters.count_not_fresh(Counters::NotFresh::refused);
  return Refusal{Rcode::servfail, k_expired};
}

Response Responder::answer_query(Exchange& exchange, RequestSignature* signature) const {
  std::optional<Refusal> refusal = admit(exchange);
  if (!refusal && is_transfer(exchange.query.type)) refusal = refuse_expired(exchange);
  if (!refusal && is_transfer(exchange.query.type)) {
    auto begun = transfers_.begin({.query = exchange.query,
                                   .client = exchange.client.address,
                                   .over_udp = exchange.over_udp(),
                                   .signer = signature == nullptr ? nullptr : &signature->signer(),
                                   .wall_seconds = exchange.worker.wall_seconds},
                                  exchange.options, exchange.room);
    if (begun) {
      exchange.worker.counters.count_answer(exchange.query.type, Rcode::noerror, false, begun->bytes);
      Response response{.bytes = begun->bytes};
      if (begun->rest != nullptr) response.following = std::move(begun->rest);
      return response;
    }
    refusal = begun.error();
  }
  const std::size_t size = refusal ? refuse(exchange, *refusal) : answer_question(exchange);
  const bool is_signed = signature != nullptr && size > 0;
  check(size <= exchange.room.size(), "a reply is within what the client takes");
  return {.bytes = is_signed ? signature->sign(exchange.room, size) : size};
}

std::size_t Responder::answer_question(Exchange& exchange) const {
  const dns::Query& query = exchange.query;
  if (query.klass == dns::Class::chaos) return answer_chaos(exchange);
  if (query.klass != dns::Class::in) return refuse(exchange, {.rcode = Rcode::refused});

  const rcu::ReadLock lock;
  const ZoneTable& zones = zones_.table();
  const Zone* zone = zones.find_answering(query.name, query.type);
  if (zone == nullptr) return refuse(exchange, {.rcode = Rcode::refused, .why = k_not_ours});
  if (query.type == Type::soa && zones.find(query.name.suffix(0)) == zone) {
    exchange.options.add_expire(query, zone->records.expire_seconds());
  }
  Reply reply(exchange.unsigned_room(), query, true, exchange.options);
  if (!exchange.over_udp()) reply.set_varying();
  WorkerState& worker = exchange.worker;
  SectionList& sections = worker.sections;
  sections.clear(reply.out().left());
  Encoder encoder(reply, sections, worker.random, worker.scratch);
  if (const auto why = settings_.explains ? parse_why(query.name, *zone) : std::nullopt) {
    const registry::WallTime wall_now{std::chrono::seconds(exchange.worker.wall_seconds)};
    put_why(Explainer(zones_, roster_, settings_.udp_payload, settings_.freshness), *why, *zone, query.type,
            exchange.now, wall_now, sections);
    static_cast<void>(encoder.put());
    return finish(exchange, reply, Rcode::noerror);
  }
  Resolution resolution(zones, roster_, *zone, query, sections, exchange.now, worker.random, worker.scratch);
  Rcode rcode = resolution.run();
  if (settings_.freshness != nullptr) [[unlikely]]
    rcode = hold_to_freshness(exchange, resolution, rcode);
  if (!encoder.put()) rcode = Rcode::noerror;  // the chain ends where the message does
  if (reply.is_truncated() && !exchange.over_udp()) reply.explain(k_cut_short.code, k_cut_short.text);
  return finish(exchange, reply, rcode);
}

Rcode Responder::hold_to_freshness(Exchange& exchange, const Resolution& resolution, Rcode rcode) const {
  const Freshness::State state = settings_.freshness->get();
  if (state == Freshness::State::fresh) return rcode;
  SectionList& sections = exchange.worker.sections;
  const Rcode held = answer::hold_to_freshness(state, resolution, rcode, sections);
  const auto& why = sections.explanation();
  if (why && why->text == k_stale.text) exchange.worker.counters.count_not_fresh(Counters::NotFresh::stale);
  if (why && why->text == k_expired.text) exchange.worker.counters.count_not_fresh(Counters::NotFresh::refused);
  return held;
}

// RFC 4892: a name of the server's own; what is not said is refused.
std::size_t Responder::answer_chaos(Exchange& exchange) const {
  const std::string* text = settings_.identity.find(exchange.query);
  if (text == nullptr) return refuse(exchange, {.rcode = Rcode::refused});
  Reply reply(exchange.room.first(limits::k_udp_payload_min), exchange.query, true, exchange.options);
  const std::string rdata = static_cast<char>(std::min<std::size_t>(text->size(), 255)) + text->substr(0, 255);
  reply.put(Section::answer, k_question_name_at, Type::txt, 0, octets(rdata), dns::Class::chaos);
  return finish(exchange, reply, Rcode::noerror);
}

std::size_t Responder::refuse(Exchange& exchange, const Refusal& refusal) const {
  const WritableBytes room = exchange.room.first(limits::k_udp_payload_min);
  Reply reply(room, exchange.query, refusal.echoes_question, exchange.options);
  if (refusal.why) reply.explain(refusal.why->code, refusal.why->text);
  if (refusal.is_truncated) reply.set_truncated();
  return finish(exchange, reply, refusal.rcode);
}

// --- The steps behind the question ---

// False: nothing is sent. What exceeds the rate is answered without records, and the client told how to go on: with the
// cookie it now has (RFC 7873 §5.2.3), or over TCP.
bool Responder::hold_to_rate(Exchange& exchange, Reply& reply, Rcode& rcode) const {
  if (settings_.rate_limit.rate == 0 || !exchange.over_udp() || exchange.cookie.is_ours) return true;
  WorkerState& worker = exchange.worker;
  const auto verdict =
      worker.rate_limiter.judge(settings_.rate_limit, exchange.client.address, kind_of(reply, rcode), exchange.now);
  switch (verdict) {
    case RateLimiter::Verdict::send: return true;
    case RateLimiter::Verdict::drop: worker.counters.count_limited(Counters::Limited::dropped); return false;
    case RateLimiter::Verdict::cut: break;
  }
  reply.cut();
  if (exchange.cookie.is_used) rcode = Rcode::badcookie;
  if (!exchange.cookie.is_used) reply.set_truncated();
  worker.counters.count_limited(exchange.cookie.is_used ? Counters::Limited::badcookie : Counters::Limited::truncated);
  return true;
}

std::size_t Responder::finish(Exchange& exchange, Reply& reply, Rcode rcode) const {
  if (!hold_to_rate(exchange, reply, rcode)) return 0;
  if (exchange.client.transport == Transport::tls && exchange.query.edns && exchange.query.edns->padding) {
    reply.pad_to(limits::k_padding_block_bytes);
  }
  const std::size_t size = reply.finish(rcode, static_cast<std::uint16_t>(settings_.udp_payload));
  exchange.worker.counters.count_answer(reply.has_question() ? exchange.query.type : Type::none, rcode,
                                        reply.is_truncated(), size);
  return size;
}

}  // namespace rollcall::answer
