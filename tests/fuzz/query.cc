#include <array>
#include <vector>

#include "answer/responder.h"
#include "fuzz/check_reply.h"
#include "fuzz/readable.h"
#include "fuzz/targets.h"
#include "fuzz/world.h"

namespace rollcall::fuzz {
void query(Bytes input) {
  if (input.size() < 2) return;
  const World& world = World::the();
  static answer::WorkerState worker;
  static std::vector<std::uint8_t> room(65535);
  worker.random = Random(1);
  constexpr std::array<std::size_t, 4> k_payloads{512, 1232, 4096, 65535};
  const bool is_udp = (input[0] & 1) == 0;
  const std::size_t payload = k_payloads[input[0] >> 1 & 3];
  const answer::Responder responder(world.zones(), world.roster(), {.udp_payload = payload});
  const Bytes message = input.subspan(2);
  const std::size_t size =
      responder
          .respond(message, is_udp ? answer::Transport::udp : answer::Transport::tcp, world.after(input[1]),
                   WritableBytes(room).first(is_udp ? payload : room.size()), worker)
          .bytes;
  if (size == 0) return expect_silence_was_due(message);
  const Bytes reply = Bytes(room).first(size);
  check_reply(message, reply, {is_udp, payload});
  expect(is_readable_by_ldns(reply), "ldns reads the answer");
}

}  // namespace rollcall::fuzz
