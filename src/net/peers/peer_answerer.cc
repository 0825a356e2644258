#include "net/peers/peer_answerer.h"

#include <utility>
#include <variant>

#include "base/limits.h"
#include "base/log.h"

namespace rollcall::net {

namespace asio = boost::asio;
using cluster::PeerMessage;
using cluster::PeerRefusal;

cluster::PollGate* PeerAnswerer::gate_of(const std::string& name) {
  const auto known = gates_.find(name);
  if (known != gates_.end()) return &known->second;
  return gates_.size() < limits::k_peer_names_max ? &gates_[name] : nullptr;
}

asio::awaitable<void> PeerAnswerer::serve(Connection connection) {
  PeerLink link(connection.loop, std::move(connection.socket), PeerLink::Side::answers, connection.peer.text(),
                counts_);
  const std::optional<std::string> name = co_await link.greet(self_);
  if (!name) co_return;
  cluster::PollGate* gate = gate_of(*name);
  if (gate == nullptr) {
    link.refuse(PeerRefusal::crowded);
    co_return;
  }
  PeerLink*& place = links_[*name];
  if (place != nullptr) place->close();
  place = &link;
  PeerCounts::add(counts_.accepts);
  log::info("node {} has connected from {}", *name, connection.peer.text());
  co_await converse(link, *gate);
  const auto own = links_.find(*name);
  if (own != links_.end() && own->second == &link) links_.erase(own);
}

asio::awaitable<void> PeerAnswerer::converse(PeerLink& link, cluster::PollGate& gate) {
  while (link.is_open()) {
    link.expires_after(limits::k_peer_idle);
    std::optional<PeerMessage> question = co_await link.read(k_question_frames);
    if (!question) co_return;
    std::optional<PeerMessage> reply = answer(link, gate, *question);
    if (!reply) co_return;
    link.expires_after(limits::k_peer_patience);
    const bool is_taken = co_await link.write(std::move(*reply));
    if (!is_taken) co_return;
  }
}

std::optional<PeerMessage> PeerAnswerer::answer(PeerLink& link, cluster::PollGate& gate, PeerMessage& question) {
  if (const auto* drain = std::get_if<cluster::DrainQuestion>(&question.body)) {
    return PeerMessage{question.number, service_.answer(*drain)};
  }
  auto request = gate.admit(link.who(), std::get<cluster::PollRequest>(std::move(question.body)));
  if (!request) {
    link.refuse(request.error());
    return std::nullopt;
  }
  cluster::PollAnswer answer = service_.answer(*request);
  gate.answered(*request, answer);
  return PeerMessage{question.number, std::move(answer)};
}

void PeerAnswerer::close_all() {
  for (const auto& [name, link] : links_) link->close();
}

}  // namespace rollcall::net
