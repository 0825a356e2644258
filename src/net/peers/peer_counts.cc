#include "net/peers/peer_counts.h"

#include <utility>

#include "base/counted.h"

namespace rollcall::net {
namespace {

using cluster::PeerRefusal;

std::string_view sentence_of(PeerRefusal reason) {
  switch (reason) {
    case PeerRefusal::malformed: return "it sends what is no message of ours";
    case PeerRefusal::too_large: return "it sends more than a message may have";
    case PeerRefusal::version: return "it speaks another version of the protocol: all nodes need versions that fit";
    case PeerRefusal::cluster: return "it is of another cluster; see the setting cluster.name";
    case PeerRefusal::name:
      return "it has another name than expected; see the settings cluster.node and cluster.advertise";
    case PeerRefusal::unauthentic:
      return "it has another key or certificate, or a message was changed on its way; see cluster.key_file and "
             "cluster.tls";
    case PeerRefusal::sequence: return "it tells of heartbeats what cannot be";
    case PeerRefusal::late: return "it does not answer, or does not read, in time";
    case PeerRefusal::crowded: return "there are too many connections";
  }
  std::unreachable();
}

}  // namespace

void PeerCounts::refuse(PeerRefusal reason, std::string_view who) {
  const auto index = static_cast<std::size_t>(reason);
  add(refused[index]);
  const auto left_out = said_[index].is_due(std::chrono::steady_clock::now());
  if (!left_out) return;
  log::warn("the connection with node {} is closed, {} ({} more such since the last such line)", who,
            sentence_of(reason), *left_out);
}

void PeerCounts::fail_to_connect(std::string_view who, std::string_view sentence) {
  add(connect_failures);
  const auto left_out = said_failure_.is_due(std::chrono::steady_clock::now());
  if (left_out)
    log::warn("node {} cannot be reached: {} ({} since the last such line)", who, sentence,
              counted(*left_out, "more try", "more tries"));
}

cluster::PeerCounters PeerCounts::read() const {
  const auto value = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
  cluster::PeerCounters read;
  read.frames_received = value(frames_received);
  read.frames_sent = value(frames_sent);
  read.octets_received = value(octets_received);
  read.octets_sent = value(octets_sent);
  for (std::size_t i = 0; i < refused.size(); ++i) read.refused[i] = value(refused[i]);
  read.connects = value(connects);
  read.connect_failures = value(connect_failures);
  read.accepts = value(accepts);
  read.polls_sent = value(polls_sent);
  read.polls_answered = value(polls_answered);
  read.polls_given_up = value(polls_given_up);
  read.connected = value(connected);
  read.round_trips = round_trips.snapshot();
  return read;
}

}  // namespace rollcall::net
