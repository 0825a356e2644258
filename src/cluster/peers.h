// The port between the nodes of a cluster: polls for heartbeats, and questions about drains.
//
// Shape    `PeerNetwork` sends to the other nodes, `PeerService` answers them and takes what they answer.
// Owner    rollcalld.cc owns both; the network ends before the service.
// Threads  any may call a PeerNetwork. It calls the PeerService, and every `reply`, on the peers' thread, one at a time; a
//          slow call there delays the answers to all peers, so it must not wait for anything but a short lock.
// Failure  a message that cannot be believed is refused, counted, and ends its connection; the connection is made again. A
//          poll that is lost is simply not answered: the next one asks for the same.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "cluster/exchange.h"

namespace rollcall::cluster {

// Whether caches may still hold answers with an instance that drains.
struct DrainQuestion {
  std::string zone, service, id;
  Revision revision = 0;  // of the drain
};
struct DrainAnswer {
  bool is_applied = false;  // this node has applied the revision; else nothing is known yet
  std::chrono::milliseconds safe_in{};
};

// What this node answers, and what it learns from others.
class PeerService {
 public:
  virtual ~PeerService() = default;
  [[nodiscard]] virtual PollAnswer answer(const PollRequest& request) = 0;
  virtual void take(const SentPoll& poll, const PollAnswer& answer) = 0;
  [[nodiscard]] virtual DrainAnswer answer(const DrainQuestion& question) = 0;
};

// Another node, as its session's key tells it.
struct PeerAddress {
  std::string name;
  Incarnation incarnation = 0;
  std::string address;  // "host:port", "192.0.2.1:8601", "[2001:db8::1]:8601"
  friend bool operator==(const PeerAddress&, const PeerAddress&) = default;
};

// Why a message, and with it a connection, was refused.
enum class PeerRefusal : std::uint8_t {
  malformed,    // not a frame of ours, or one that does not belong here
  too_large,    // more octets, or more items, than allowed
  version,      // another version of the protocol
  cluster,      // another cluster
  name,         // not the node that was dialled, said hello or is named by its certificate; or this node's own name
  unauthentic,  // another key, none, or a forged or repeated frame; a certificate that the CA has not signed
  sequence,     // a place in the log that goes back, or that was never given out
  late,         // silent for too long, or does not read
  crowded,      // too many connections
};
inline constexpr std::size_t k_peer_refusals = 9;
[[nodiscard]] std::string_view to_text(PeerRefusal refusal);  // as above

struct PeerCounters {
  std::uint64_t frames_received = 0;
  std::uint64_t frames_sent = 0;
  std::uint64_t octets_received = 0;
  std::uint64_t octets_sent = 0;
  std::array<std::uint64_t, k_peer_refusals> refused{};  // by PeerRefusal
  std::uint64_t connects = 0;                            // made by this node, up to a hello that was believed
  std::uint64_t connect_failures = 0;
  std::uint64_t accepts = 0;         // made by others, likewise
  std::uint64_t polls_sent = 0;      // ... that were written to a connection
  std::uint64_t polls_answered = 0;  // ... and whose answer was taken
  std::uint64_t polls_given_up = 0;  // replaced by a newer one before they were sent, or lost with their connection
  std::size_t connected = 0;         // peers that can be polled now
  Histogram::Snapshot round_trips;   // of polls, in seconds, from writing to the answer
};

class PeerNetwork {
 public:
  virtual ~PeerNetwork() = default;
  // Who may be polled; replaces the list of before. This node itself is left out.
  virtual void set_peers(std::vector<PeerAddress> peers) = 0;
  // At most one unanswered poll a peer: while there is one, the newest waits, and the one before it is given up.
  virtual void send(SentPoll poll) = 0;
  // `reply` is called once, within 1 s; empty: no answer.
  virtual void ask(const std::string& peer, DrainQuestion question,
                   std::function<void(std::optional<DrainAnswer>)> reply) = 0;
  [[nodiscard]] virtual PeerCounters counters() const = 0;
};

}  // namespace rollcall::cluster
