// TSIG: signs and verifies DNS messages with a shared secret.
//
// Shape    a TsigRecord borrows from its message. A TsigSigner holds the chain of MACs of one exchange: first the
//          request's MAC, then that of each reply (RFC 8945 §5.3.1).
// Crypto   HMAC from OpenSSL. ldns can only sign its own message type, so each of the thousands of messages of a zone
//          transfer would have to be encoded twice.
// Time     wall-clock seconds, 48 bits.
// Threads  values; pure.
// Source   RFC 8945.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "dns/name.h"
#include "dns/types.h"

namespace rollcall::dns {

enum class TsigAlgorithm : std::uint8_t { hmac_sha1, hmac_sha224, hmac_sha256, hmac_sha384, hmac_sha512 };

// "hmac-sha256", in any case.
[[nodiscard]] std::optional<TsigAlgorithm> parse_tsig_algorithm(std::string_view text);
// RFC 4648 §4, with padding. Refuses empty text, because a secret must not be empty.
[[nodiscard]] std::optional<std::string> parse_base64(std::string_view text);

struct TsigKey {
  Name name;
  TsigAlgorithm algorithm = TsigAlgorithm::hmac_sha256;
  std::string secret;  // octets
  friend bool operator==(const TsigKey&, const TsigKey&) = default;
};
using TsigKeys = std::vector<TsigKey>;

// RFC 8945 §3.
enum class TsigError : std::uint16_t { none = 0, badsig = 16, badkey = 17, badtime = 18, badtrunc = 22 };

// The TSIG record as received, the last record of its message.
struct TsigRecord {
  std::size_t at = 0;  // offset of its first octet; the octets before it are signed
  Bytes key_name;      // uncompressed wire form, case as received
  Bytes algorithm;     // the same
  std::uint64_t time_signed = 0;
  std::uint16_t fudge = 0;
  Bytes mac;
  std::uint16_t original_id = 0;
  std::uint16_t error = 0;
  Bytes other;
};

// Parses the RDATA into `record`; the caller sets `key_name` and `at`. False: FORMERR (RFC 8945 §5.2).
[[nodiscard]] bool read_tsig_rdata(Bytes rdata, TsigRecord& record);

struct TsigVerdict {
  bool is_malformed = false;  // invalid MAC size (RFC 8945 §5.2.2.1): FORMERR, without TSIG
  TsigError error = TsigError::none;
  const TsigKey* key = nullptr;  // null: BADKEY
};
// Verifies the TSIG of a request. `message` is the whole message as received.
[[nodiscard]] TsigVerdict verify_tsig(Bytes message, const TsigRecord& record, const TsigKeys& keys, std::uint64_t now);

class TsigSigner {
 public:
  // Signs a request. Copies the key.
  explicit TsigSigner(const TsigKey& key) : key_(key) {}
  // Signs the replies to a request that was signed with `key`.
  TsigSigner(const TsigKey& key, const TsigRecord& request)
      : key_(key), prior_mac_(reinterpret_cast<const char*>(request.mac.data()), request.mac.size()) {}

  [[nodiscard]] const TsigKey& key() const { return key_; }
  // The size of the TSIG record, in octets; reserve this space before signing.
  [[nodiscard]] std::size_t bytes() const;

  // Appends the TSIG record to the message in `room`, which has `size` octets, and increments ARCOUNT. Returns the new
  // size, or the old size if `room` is too small. Messages after the first sign only the timers (RFC 8945 §5.3.1).
  std::size_t sign(WritableBytes room, std::size_t size, std::uint64_t now);
  // Signs an error reply for BADTIME or BADTRUNC, with the times of the request and of the server (RFC 8945 §5.2.3).
  std::size_t sign_refusal(WritableBytes room, std::size_t size, const TsigRecord& request, TsigError error,
                           std::uint64_t now);

 private:
  struct Stamp;
  std::size_t append(WritableBytes room, std::size_t size, const Stamp& stamp);

  TsigKey key_;
  std::string prior_mac_;
  bool is_first_ = true;
};

// Appends an unsigned TSIG for an error reply: the request's key or MAC is wrong (RFC 8945 §5.3.2). Returns the same as
// TsigSigner::sign.
std::size_t append_unsigned_tsig(WritableBytes room, std::size_t size, const TsigRecord& request, TsigError error);

}  // namespace rollcall::dns
