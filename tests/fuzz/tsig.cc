#include "dns/tsig.h"

#include <algorithm>
#include <vector>

#include "answer/responder.h"
#include "conformance/message.h"
#include "dns/query.h"
#include "fuzz/check_reply.h"
#include "fuzz/targets.h"
#include "fuzz/world.h"

namespace rollcall::fuzz {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr std::size_t k_key_head_bytes = 6;
constexpr std::size_t k_message_bytes_max = 4096;
constexpr std::uint8_t k_over_tcp = 1;
constexpr std::uint8_t k_sign = 2;
constexpr std::uint8_t k_spoil = 4;

struct Spoiled {
  Octets octets;
  std::size_t signature_at = 0;
  bool is_signed = false;   // with the key, now
  bool is_changed = false;  // behind the id, in front of the signature
};

// The query, signed and spoiled as the head of the input wants it.
Spoiled make(Bytes head, Bytes message, const dns::TsigKey& key) {
  Spoiled made;
  made.octets.assign(message.begin(), message.end());
  made.signature_at = message.size();
  if ((head[0] & k_sign) != 0 && message.size() >= dns::k_header_bytes) {
    made.octets.resize(message.size() + k_message_bytes_max);
    made.octets.resize(dns::TsigSigner(key).sign(made.octets, message.size(), k_wall_seconds));
    made.is_signed = made.octets.size() > message.size();
  }
  if ((head[0] & k_spoil) == 0 || made.octets.empty() || head[3] == 0) return made;
  const std::size_t at = load_u16(head.data() + 1) % made.octets.size();
  made.octets[at] ^= head[3];
  made.is_changed = at >= 2 && at < message.size();
  if (at >= message.size()) made.is_signed = false;
  return made;
}

void check_verdict(const Spoiled& made, const dns::TsigKeys& keys) {
  dns::Query query;
  if (dns::parse_query(made.octets, query) != dns::Parsed::query || !query.tsig) return;
  const dns::TsigVerdict verdict = dns::verify_tsig(made.octets, *query.tsig, keys, k_wall_seconds);
  const bool is_believed = !verdict.is_malformed && verdict.error == dns::TsigError::none;
  expect(!is_believed || verdict.key == keys.data(), "what is believed has its key");
  // A query that ends within a record makes another one of the signature.
  if (!made.is_signed || query.tsig->at != made.signature_at) return;
  expect(is_believed != made.is_changed, "what was signed is believed, and what was changed since is not");
}

void check_signed_reply(Bytes query, Bytes reply) {
  dns::Query read;
  const auto parsed = conformance::parse_message(reply);
  if (!parsed || dns::parse_query(query, read) != dns::Parsed::query || !read.tsig) return;
  const auto& last = parsed->additional();
  const bool has_signature = !last.empty() && last.back().type == dns::Type::tsig;
  expect(has_signature || parsed->rcode() == 1 || parsed->has(0x0200),
         "a signed query has a signed answer, or FORMERR");
}

}  // namespace

void tsig(Bytes input) {
  if (input.size() < k_key_head_bytes) return;
  const World& world = World::the();
  static const dns::TsigKeys keys{world.key()};
  static const answer::Responder responder(world.zones(), world.roster(),
                                           {.tsig_keys = keys, .transfers = &world.transfers()});
  static answer::WorkerState worker;
  static Octets room(65535);
  worker.random = Random(1);
  worker.wall_seconds = k_wall_seconds;
  const Bytes message =
      input.subspan(k_key_head_bytes).first(std::min(input.size() - k_key_head_bytes, k_message_bytes_max));
  const Spoiled made = make(input, message, world.key());
  check_verdict(made, keys);
  const bool is_udp = (input[0] & k_over_tcp) == 0;
  const answer::Client client(is_udp ? answer::Transport::udp : answer::Transport::tcp, world.secondary());
  const std::size_t size =
      responder
          .respond(made.octets, client, world.after(input[4]),
                   WritableBytes(room).first(is_udp ? responder.udp_payload() : room.size()), worker)
          .bytes;
  if (size == 0) return expect_silence_was_due(made.octets);
  const Bytes reply = Bytes(room).first(size);
  check_reply(made.octets, reply, {is_udp, responder.udp_payload()});
  check_signed_reply(made.octets, reply);
}

}  // namespace rollcall::fuzz
