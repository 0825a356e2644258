// What the Responder does for secondaries: signed requests (RFC 8945), AXFR (RFC 5936), IXFR (RFC 1995).
#include <algorithm>
#include <utility>

#include "answer/exchange.h"
#include "base/rcu.h"

namespace rollcall::answer {

using dns::Rcode;
using dns::TsigError;
using dns::Type;

namespace {

// RFC 8945 §5.3: where the signature finds no room, TC says that there is more to be had.
std::size_t send_to_tcp_unless_longer(WritableBytes room, std::size_t before, std::size_t with_signature) {
  if (with_signature == before) store_u16(&room[2], load_u16(&room[2]) | dns::k_flag_tc);
  return with_signature;
}

}  // namespace

std::size_t Responder::answer_signed(Exchange& exchange) const {
  const dns::TsigRecord& record = *exchange.query.tsig;
  const dns::TsigVerdict verdict =
      dns::verify_tsig(exchange.message, record, settings_.tsig_keys, exchange.worker.wall_seconds);
  if (verdict.is_malformed) return fail(exchange, Rcode::formerr, true);
  if (verdict.error != TsigError::none) return refuse_signature(exchange, verdict);
  exchange.signer.emplace(*verdict.key, record);
  exchange.signature_bytes = exchange.signer->bytes();
  const WritableBytes room = room_of(exchange);
  // Over TCP the room is one message: the signature takes its part of it. Over UDP the client's limit does (below).
  if (!exchange.over_udp()) exchange.out = room.first(room.size() - exchange.signature_bytes);
  const std::size_t size = answer_query(exchange);
  // A transfer signs its own messages.
  if (size == 0 || !exchange.signer) return size;
  return send_to_tcp_unless_longer(room, size, exchange.signer->sign(room, size, exchange.worker.wall_seconds));
}

// RFC 8945 §5.2.1-5.2.4: which refusals are signed.
std::size_t Responder::refuse_signature(Exchange& exchange, const dns::TsigVerdict& verdict) const {
  const dns::TsigRecord& record = *exchange.query.tsig;
  const std::size_t size = fail(exchange, Rcode::notauth, true);
  if (size == 0) return 0;  // kept back by the rate limit
  const WritableBytes room = room_of(exchange);
  if (verdict.error == TsigError::badkey || verdict.error == TsigError::badsig) {
    return send_to_tcp_unless_longer(room, size, dns::append_unsigned_tsig(room, size, record, verdict.error));
  }
  dns::TsigSigner signer(*verdict.key, record);
  return send_to_tcp_unless_longer(
      room, size, signer.sign_refusal(room, size, record, verdict.error, exchange.worker.wall_seconds));
}

std::size_t Responder::answer_transfer(Exchange& exchange) const {
  const dns::Query& query = exchange.query;
  const bool is_ixfr = query.type == Type::ixfr;
  if (exchange.over_udp() && !is_ixfr) return fail(exchange, Rcode::notimp, true);  // RFC 5936 §4.2
  if (query.klass != dns::Class::in) return fail(exchange, Rcode::refused, true);
  if (is_ixfr && !query.ixfr_serial) return fail(exchange, Rcode::formerr, true);  // RFC 1995 §3
  registry::ZoneId id{};
  {
    const rcu::ReadLock lock;
    const Zone* zone = zones_.table().find(query.name.suffix(0));
    if (zone == nullptr) {  // RFC 5936 §2.2.1
      exchange.explanation = {dns::ExtendedError::not_authoritative, "no zone served here has this name"};
      return fail(exchange, Rcode::notauth, true);
    }
    id = zone->id;
  }
  const dns::TsigKey* key = exchange.signer ? &exchange.signer->key() : nullptr;
  if (settings_.transfers == nullptr || !settings_.transfers->allows(id, exchange.client.address, key)) {
    exchange.explanation = {dns::ExtendedError::prohibited, "the zone is not transferred to this client"};
    return fail(exchange, Rcode::refused, true);
  }
  {
    const rcu::ReadLock lock;
    tell_expiry(exchange, zones_.table().zones().at(static_cast<std::size_t>(id)));
  }
  const TransferZone& zone = settings_.transfers->zone(id);
  const auto stream_of = [&](TransferParts parts) {
    return std::make_unique<TransferStream>(query, exchange.options, std::move(parts), exchange.signer);
  };
  WritableBytes room = room_of(exchange);
  if (!exchange.over_udp()) room = WritableBytes(room.data(), room.size() + exchange.signature_bytes);
  const std::uint32_t now = exchange.worker.wall_seconds;
  std::unique_ptr<TransferStream> stream = stream_of(is_ixfr ? zone.ixfr(*query.ixfr_serial) : zone.axfr());
  if (!exchange.over_udp() && !stream->fits(room.size())) {
    exchange.explanation = {dns::ExtendedError::other, "a record of the zone is too large for a message of a transfer"};
    return fail(exchange, Rcode::servfail, true);
  }
  std::optional<std::size_t> size = stream->next(room, now);
  if (exchange.over_udp() && (!size || !stream->is_done())) {  // RFC 1995 §2: one SOA sends the client to TCP
    stream = stream_of(zone.soa());
    size = stream->next(room, now);
  }
  if (!size) return fail(exchange, Rcode::servfail, true);
  if (!stream->is_done()) {
    std::optional<TransferPlace> place = settings_.transfers->take_place();
    if (!place) {  // not REFUSED: the client may have it, later
      exchange.explanation = {dns::ExtendedError::not_ready, "too many transfers are under way; try again"};
      return fail(exchange, Rcode::servfail, true);
    }
    stream->hold(std::move(*place));
  }
  exchange.worker.counters.count_answer(query.type, Rcode::noerror, false, *size);
  if (!stream->is_done()) exchange.worker.transfer = std::move(stream);
  exchange.signer.reset();
  return *size;
}

}  // namespace rollcall::answer
