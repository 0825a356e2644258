// The secret that all nodes of a cluster share, and what seals the frames of one connection with it.
//
// Shape    of the secret, and of both hellos with their fresh nonces, two keys are made, one for each direction. The seal of a
//          frame is HMAC-SHA256 over its number in the connection and its octets: a frame that is forged, repeated, left out,
//          turned back or taken from another connection has another seal.
// Threads  the secret: any. Seals: their connection's.
// Failure  Errc::start_up with a sentence that names the file.
// Source   RFC 2104; docs/cluster.md.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

namespace rollcall::net {

class PeerKey {
 public:
  // The file's content without white space at its end: at least k_peer_key_bytes_min octets that are not all alike.
  [[nodiscard]] static Result<PeerKey> load(const std::string& file);
  [[nodiscard]] static Result<PeerKey> parse(std::string_view content);

  // `purpose` tells the keys apart that are made of the same octets.
  [[nodiscard]] Sha256 derive(std::string_view purpose, Bytes octets) const;

 private:
  explicit PeerKey(std::string_view secret) : secret_(secret) {}

  std::string secret_;
};

// The seals of the frames that go in one direction of one connection, in their order.
class PeerSeals {
 public:
  explicit PeerSeals(const Sha256& key);
  ~PeerSeals();
  PeerSeals(PeerSeals&&) noexcept;
  PeerSeals& operator=(PeerSeals&&) noexcept;

  // Of the next frame, which ends where its seal begins.
  [[nodiscard]] Sha256 next(Bytes frame);

 private:
  friend class PeerKey;
  struct Mac;
  std::unique_ptr<Mac> mac_;
  std::uint64_t number_ = 0;
};

// What both ends make of the octets of their hellos.
struct PeerSession {
  PeerSeals asking;     // of the end that has connected
  PeerSeals answering;  // of the other
};
[[nodiscard]] PeerSession make_session(const PeerKey& key, Bytes hello_of_asker, Bytes hello_of_answerer);

}  // namespace rollcall::net
