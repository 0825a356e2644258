#include "answer/transfer/transfer_start.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "base/rcu.h"

namespace rollcall::answer {
namespace {

using dns::Rcode;
using dns::Type;

std::unexpected<Refusal> refuse(Rcode rcode) { return std::unexpected(Refusal{.rcode = rcode}); }
std::unexpected<Refusal> refuse(Rcode rcode, dns::ExtendedError code, std::string_view text) {
  return std::unexpected(Refusal{.rcode = rcode, .why = Explanation{code, text}});
}

}  // namespace

std::expected<registry::ZoneId, Refusal> TransferStart::admit(const Request& request, Options& options) const {
  const dns::Query& query = request.query;
  const bool is_ixfr = query.type == Type::ixfr;
  if (request.over_udp && !is_ixfr) return refuse(Rcode::notimp);  // RFC 5936 §4.2
  if (query.klass != dns::Class::in) return refuse(Rcode::refused);
  if (is_ixfr && !query.ixfr_serial) return refuse(Rcode::formerr);  // RFC 1995 §3
  const rcu::ReadLock lock;
  const Zone* zone = zones_.table().find(query.name.suffix(0));
  if (zone == nullptr) {  // RFC 5936 §2.2.1
    return refuse(Rcode::notauth, dns::ExtendedError::not_authoritative, "no zone served here has this name");
  }
  const dns::TsigKey* key = request.signer == nullptr ? nullptr : &request.signer->key();
  if (transfers_ == nullptr || zone->consul != nullptr || !transfers_->allows(zone->id, request.client, key)) {
    return refuse(Rcode::refused, dns::ExtendedError::prohibited, "the zone is not transferred to this client");
  }
  options.add_expire(query, zone->records.expire_seconds());
  return zone->id;
}

std::expected<TransferStart::First, Refusal> TransferStart::begin(const Request& request, Options& options,
                                                                  WritableBytes room) const {
  const dns::Query& query = request.query;
  check(query.type == Type::axfr || query.type == Type::ixfr, "a transfer begins with AXFR or IXFR");
  const std::expected<registry::ZoneId, Refusal> id = admit(request, options);
  if (!id) return std::unexpected(id.error());
  const TransferZone& zone = transfers_->zone(*id);
  const auto stream_of = [&](TransferParts parts) {
    std::optional<dns::TsigSigner> signer;
    if (request.signer != nullptr) signer = *request.signer;
    return std::make_unique<TransferStream>(query, options, std::move(parts), std::move(signer));
  };
  const bool is_ixfr = query.type == Type::ixfr;
  std::unique_ptr<TransferStream> stream = stream_of(is_ixfr ? zone.ixfr(*query.ixfr_serial) : zone.axfr());
  if (!request.over_udp && !stream->fits(room.size())) {
    return refuse(Rcode::servfail, dns::ExtendedError::other,
                  "a record of the zone is too large for a message of a transfer");
  }
  std::optional<std::size_t> size = stream->next(room, request.wall_seconds);
  if (request.over_udp && (!size || !stream->is_done())) {  // RFC 1995 §2: one SOA sends the client to TCP
    stream = stream_of(zone.soa());
    size = stream->next(room, request.wall_seconds);
  }
  if (!size) return refuse(Rcode::servfail);
  if (stream->is_done()) return First{*size};
  std::optional<TransferPlace> place = transfers_->take_place();
  if (!place) {  // not REFUSED: the client may have it later
    return refuse(Rcode::servfail, dns::ExtendedError::not_ready, "too many transfers are under way; try again");
  }
  stream->hold(std::move(*place));
  check(!request.over_udp && *size <= room.size(), "over UDP a transfer is one message");
  return First{*size, std::move(stream)};
}

}  // namespace rollcall::answer
