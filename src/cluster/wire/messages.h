// The messages between nodes, as frames.
//
// Shape    numbers in network order; a text is its length in one octet, or two (*), and its octets.
//
//            0        4         5      6      8
//            +--------+---------+------+------+---------------------+------------------------+
//            | octets | version | type | zero | body                | seal: 32 octets, where |
//            | after  |         |      |      |                     | the nodes share a key  |
//            +--------+---------+------+------+---------------------+------------------------+
//
//            hello            "RCPN", incarnation 8, sealed 1, nonce 32, cluster, node
//            ready            -
//            poll             number 8, from incarnation 8, to incarnation 8, sequence 8, slot 4, whole 1, whole from 4,
//                             silence in ns 8, from
//            poll_answer      number 8, incarnation 8, flags 1 (member, complete, whole), applied 8, sequence 8, slot 4,
//                             whole from 4, items 4, then 16 octets each: id 12, age 4
//            drain_question   number 8, revision 8, zone, service, id *
//            drain_answer     number 8, applied 1, safe in ms 8
//
//          Whoever connects says hello first, and is told it back; then both say ready, sealed if there is a key. After that
//          the one who has connected asks, and the other answers in order.
// Bounds   each type has its own; the largest is an answer of k_items_max items, 1 MiB.
// Failure  what is not exactly one of these, in the bounds, is a PeerRefusal. A frame of another version is told from garbage
//          by its zeros.
// Threads  any; pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "cluster/peers.h"

namespace rollcall::cluster {

inline constexpr std::uint8_t k_peer_version = 1;
inline constexpr std::size_t k_frame_head_bytes = 8;
inline constexpr std::size_t k_seal_bytes = 32;
inline constexpr std::size_t k_nonce_bytes = 32;

struct PeerHello {
  std::string cluster;
  std::string node;
  Incarnation incarnation = 0;  // as far as it is known: for people
  bool is_sealed = false;       // the sender has a key, and takes sealed frames alone
  std::array<std::uint8_t, k_nonce_bytes> nonce{};
};
struct PeerReady {};

// In the order of FrameType.
using PeerBody = std::variant<PeerHello, PeerReady, PollRequest, PollAnswer, DrainQuestion, DrainAnswer>;
enum class FrameType : std::uint8_t { hello = 1, ready, poll, poll_answer, drain_question, drain_answer };
[[nodiscard]] inline FrameType type_of(const PeerBody& body) { return static_cast<FrameType>(body.index() + 1); }

struct PeerMessage {
  std::uint64_t number = 0;  // of the question; an answer has that of its question. Hello and ready have none
  PeerBody body;
};

// The frame up to where its seal begins; its length counts `seal_bytes` (0 or k_seal_bytes). Replaces the content of `frame`.
// What is too long for its bound is cut: texts of people's making are no longer than that.
void write_frame(const PeerMessage& message, std::size_t seal_bytes, std::vector<std::uint8_t>& frame);

struct FrameHead {
  FrameType type = FrameType::hello;
  std::size_t rest = 0;  // octets that follow the head, with the seal
};
// Of exactly k_frame_head_bytes octets.
[[nodiscard]] std::expected<FrameHead, PeerRefusal> parse_head(Bytes head, std::size_t seal_bytes);
// The body without its seal.
[[nodiscard]] std::expected<PeerMessage, PeerRefusal> parse_body(FrameType type, Bytes body);

// The most octets of a frame of this type, with head and seal.
[[nodiscard]] std::size_t frame_bytes_max(FrameType type);

}  // namespace rollcall::cluster
