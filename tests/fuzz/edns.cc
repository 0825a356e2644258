#include <array>
#include <vector>

#include "answer/responder.h"
#include "fuzz/check_reply.h"
#include "fuzz/readable.h"
#include "fuzz/targets.h"
#include "fuzz/world.h"

namespace rollcall::fuzz {
namespace {

constexpr std::size_t k_options_head_bytes = 8;
constexpr std::size_t k_options_bytes_max = 4096;

// A server that has an answer to every option.
answer::ResponderSettings everything() {
  answer::ResponderSettings settings;
  settings.identity = {.nsid = "one", .version = "Rollcall", .hostname = "one.test"};
  settings.cookie_secrets.resize(2);
  settings.cookie_secrets[0].fill(1);
  settings.cookie_secrets[1].fill(2);
  return settings;
}

// `www.c.test. A`, or a query without a question.
std::vector<std::uint8_t> query_with(Bytes head, Bytes options) {
  const bool has_question = (head[1] & 1) == 0;
  std::vector<std::uint8_t> query{0, 1, 0, 0, 0, static_cast<std::uint8_t>(has_question ? 1 : 0), 0, 0, 0, 0, 0, 1};
  constexpr std::array<std::uint8_t, 16> k_question{3, 'w', 'w', 'w', 1, 'c', 4, 't', 'e', 's', 't', 0, 0, 1, 0, 1};
  if (has_question) query.insert(query.end(), k_question.begin(), k_question.end());
  query.insert(query.end(), {0, 0, 41});
  query.insert(query.end(), head.begin() + 2, head.begin() + k_options_head_bytes);
  query.push_back(static_cast<std::uint8_t>(options.size() >> 8));
  query.push_back(static_cast<std::uint8_t>(options.size()));
  query.insert(query.end(), options.begin(), options.end());
  return query;
}

}  // namespace

void edns(Bytes input) {
  if (input.size() < k_options_head_bytes) return;
  const World& world = World::the();
  static answer::WorkerState worker;
  static std::vector<std::uint8_t> room(65535);
  static const answer::Responder responder(world.zones(), world.roster(), everything());
  worker.random = Random(1);
  worker.wall_seconds = k_wall_seconds;
  constexpr std::array k_transports{answer::Transport::udp, answer::Transport::tcp, answer::Transport::tls};
  const answer::Transport transport = k_transports[input[0] % k_transports.size()];
  const bool is_udp = transport == answer::Transport::udp;
  const Bytes options =
      input.subspan(k_options_head_bytes).first(std::min(input.size() - k_options_head_bytes, k_options_bytes_max));
  const std::vector<std::uint8_t> query = query_with(input, options);
  const std::size_t size =
      responder
          .respond(query, {transport, world.secondary()}, world.after(0),
                   WritableBytes(room).first(is_udp ? responder.udp_payload() : room.size()), worker)
          .bytes;
  expect(size > 0, "a query is answered");
  const Bytes reply = Bytes(room).first(size);
  check_reply(query, reply, {is_udp, responder.udp_payload()});
  expect(is_readable_by_ldns(reply), "ldns reads the answer");
}

}  // namespace rollcall::fuzz
