#include <array>
#include <optional>
#include <vector>

#include "answer/responder.h"
#include "conformance/message.h"
#include "fuzz/check_reply.h"
#include "fuzz/readable.h"
#include "fuzz/targets.h"
#include "fuzz/world.h"

namespace rollcall::fuzz {
namespace {

using dns::Type;
using Octets = std::vector<std::uint8_t>;

constexpr std::size_t k_messages_max = 1000;  // of one transfer of this small zone

conformance::Message read_reply(Bytes octets) {
  auto parsed = conformance::parse_message(octets);
  expect(parsed.has_value(), parsed ? "" : parsed.error());
  expect(is_readable_by_ldns(octets), "ldns reads the answer");
  return std::move(*parsed);
}

// RFC 5936 §2.2, RFC 1995 §4: from the present SOA to the present SOA.
void take_transfer(Bytes first, answer::TransferStream& stream) {
  conformance::Message message = read_reply(first);
  expect(!message.answer().empty() && message.answer().front().type == Type::soa, "a transfer begins with the SOA");
  const Octets soa = message.answer().front().rdata;
  static Octets room(65535);
  std::size_t messages = 1;
  while (!stream.is_done()) {
    expect(++messages < k_messages_max, "a transfer comes to its end");
    const std::optional<std::size_t> size = stream.next(room, k_wall_seconds);
    expect(size.has_value(), "what is not done goes on");
    message = read_reply(Bytes(room).first(*size));
    expect(!message.answer().empty(), "no message of a transfer is empty");
  }
  expect(message.answer().back().type == Type::soa, "a transfer ends with the SOA");
  expect(message.answer().back().rdata.size() > 20, "the SOA is whole");
  expect(std::equal(soa.end() - 20, soa.end(), message.answer().back().rdata.end() - 20), "it ends as it began");
}

}  // namespace

void transfer(Bytes input) {
  if (input.size() < 2) return;
  const World& world = World::the();
  static const answer::Responder responder(world.zones(), world.roster(), {.transfers = &world.transfers()});
  static answer::WorkerState worker;
  static Octets room(65535);
  constexpr std::array k_transports{answer::Transport::udp, answer::Transport::tcp, answer::Transport::tls};
  const answer::Transport transport = k_transports[input[0] % k_transports.size()];
  const bool is_udp = transport == answer::Transport::udp;
  const bool is_allowed = (input[1] & 1) == 0;
  const answer::Client client(transport, is_allowed ? world.secondary() : IpAddress());
  const Bytes message = input.subspan(2);
  answer::Response response =
      responder.respond(message, client, world.after(0),
                        WritableBytes(room).first(is_udp ? responder.udp_payload() : room.size()), worker);
  if (response.bytes == 0) return expect_silence_was_due(message);
  const Bytes first = Bytes(room).first(response.bytes);
  const std::unique_ptr<answer::TransferStream> transfer = response.take_transfer();
  if (transfer == nullptr) return check_reply(message, first, {is_udp, responder.udp_payload()});
  expect(is_allowed && !is_udp, "a stream is for those who may have it, over TCP");
  take_transfer(first, *transfer);
}

}  // namespace rollcall::fuzz
