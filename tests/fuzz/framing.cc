#include <algorithm>
#include <vector>

#include "answer/responder.h"
#include "base/random.h"
#include "conformance/message.h"
#include "fuzz/targets.h"
#include "fuzz/world.h"
#include "net/dns/conversation.h"

namespace rollcall::fuzz {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr std::size_t k_stream_head_bytes = 3;
constexpr std::size_t k_stream_bytes_max = std::size_t{16} << 10;
constexpr std::size_t k_steps_max = 100'000;  // of one conversation: it ends

// What a connection writes while `stream` comes in pieces of at most `piece_max` octets.
Octets converse(Bytes stream, std::size_t piece_max, answer::Transport transport, std::uint64_t seed) {
  const World& world = World::the();
  static const answer::Responder responder(world.zones(), world.roster(), {.transfers = &world.transfers()});
  answer::WorkerState worker;
  worker.random = Random(1);
  Random pieces(seed);
  net::DnsConversation conversation(responder, {transport, world.secondary()}, worker);
  Octets written;
  bool goes_on = true;
  std::size_t steps = 0;
  while (goes_on && !stream.empty()) {
    const WritableBytes room = conversation.room();
    const std::size_t most = std::min({room.size(), stream.size(), piece_max});
    const std::size_t piece = piece_max == 1 ? 1 : 1 + pieces.below(static_cast<std::uint32_t>(most));
    std::copy_n(stream.begin(), piece, room.begin());
    stream = stream.subspan(piece);
    conversation.take(piece);
    bool has_more = true;
    while (goes_on && has_more) {
      goes_on = conversation.answer_messages({world.after(0), k_wall_seconds});
      has_more = conversation.may_have_more();
      while (!conversation.out().empty()) {
        expect(++steps < k_steps_max, "a conversation comes to its end");
        const Bytes out = conversation.out();
        written.insert(written.end(), out.begin(), out.end());
        expect(conversation.continue_transfer(k_wall_seconds), "a transfer does not break off");
      }
    }
  }
  return written;
}

void check_frames(Bytes written) {
  while (!written.empty()) {
    expect(written.size() >= 2, "a message has its length in front");
    const std::size_t length = load_u16(written.data());
    expect(written.size() - 2 >= length, "a message is as long as it says");
    expect(conformance::parse_message(written.subspan(2, length)).has_value(), "a message can be read");
    written = written.subspan(2 + length);
  }
}

}  // namespace

void framing(Bytes input) {
  if (input.size() < k_stream_head_bytes) return;
  const answer::Transport transport = (input[0] & 1) == 0 ? answer::Transport::tcp : answer::Transport::tls;
  const Bytes stream =
      input.subspan(k_stream_head_bytes).first(std::min(input.size() - k_stream_head_bytes, k_stream_bytes_max));
  const Octets whole = converse(stream, k_stream_bytes_max, transport, 1);
  check_frames(whole);
  const std::size_t piece_max = std::size_t{1} + input[1];
  expect(converse(stream, piece_max, transport, input[2]) == whole, "how a stream is cut changes nothing");
}

}  // namespace rollcall::fuzz
