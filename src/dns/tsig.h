// TSIG: messages signed with a secret both sides know.
//
// Shape    a TsigRecord borrows from the message it stands in. A TsigSigner carries the chain of MACs of one exchange:
//          the request's, then each reply's (RFC 8945 §5.3.1).
// Crypto   HMAC is OpenSSL's. ldns signs only messages in its own form, which would be encoded again for each of the
//          thousands of messages of a transfer.
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
// RFC 4648 §4, with its padding; empty text is no secret.
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

// The record as it came, last in its message.
struct TsigRecord {
  std::size_t at = 0;  // of its first octet: what stands before it is signed
  Bytes key_name;      // uncompressed wire form, case as it came
  Bytes algorithm;     // likewise
  std::uint64_t time_signed = 0;
  std::uint16_t fudge = 0;
  Bytes mac;
  std::uint16_t original_id = 0;
  std::uint16_t error = 0;
  Bytes other;
};

// Reads the RDATA; `key_name` and `at` are the caller's. False: FORMERR (RFC 8945 §5.2).
[[nodiscard]] bool read_tsig_rdata(Bytes rdata, TsigRecord& record);

struct TsigVerdict {
  bool is_malformed = false;  // a MAC of a size that cannot be (RFC 8945 §5.2.2.1): FORMERR, without TSIG
  TsigError error = TsigError::none;
  const TsigKey* key = nullptr;  // null: BADKEY
};
// Of a request. `message` is all of it, as it came.
[[nodiscard]] TsigVerdict verify_tsig(Bytes message, const TsigRecord& record, const TsigKeys& keys, std::uint64_t now);

class TsigSigner {
 public:
  // To sign a request; it must outlive nobody: the key is copied.
  explicit TsigSigner(const TsigKey& key) : key_(key) {}
  // To sign the replies to a request that was signed with `key`.
  TsigSigner(const TsigKey& key, const TsigRecord& request)
      : key_(key), prior_mac_(reinterpret_cast<const char*>(request.mac.data()), request.mac.size()) {}

  [[nodiscard]] const TsigKey& key() const { return key_; }
  // Octets a signature takes.
  [[nodiscard]] std::size_t bytes() const;

  // Appends the record to the `size` octets of the message in `room` and counts it. Returns the new size; the old one
  // when there is no room. Every message after the first is signed with its time alone (RFC 8945 §5.3.1).
  std::size_t sign(WritableBytes room, std::size_t size, std::uint64_t now);
  // A refusal for time or truncation, with the request's time and ours (RFC 8945 §5.2.3).
  std::size_t sign_refusal(WritableBytes room, std::size_t size, const TsigRecord& request, TsigError error,
                           std::uint64_t now);

 private:
  struct Stamp;
  std::size_t append(WritableBytes room, std::size_t size, const Stamp& stamp);

  TsigKey key_;
  std::string prior_mac_;
  bool is_first_ = true;
};

// The refusal of a request whose key or MAC is wrong: not signed (RFC 8945 §5.3.2). As TsigSigner::sign.
std::size_t append_unsigned_tsig(WritableBytes room, std::size_t size, const TsigRecord& request, TsigError error);

}  // namespace rollcall::dns
