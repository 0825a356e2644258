#include "dns/tsig.h"

#include <algorithm>
#include <array>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "base/check.h"
#include "dns/query.h"

namespace rollcall::dns {
namespace {

constexpr std::uint16_t k_fudge = 300;  // RFC 8945 §10: five minutes
constexpr std::size_t k_mac_bytes_min = 10;
constexpr std::size_t k_time_bytes = 6;

struct Algorithm {
  TsigAlgorithm id;
  std::string_view text;
  std::string_view wire;
  const EVP_MD* (*digest)();
};
const std::array<Algorithm, 5> k_algorithms{{
    {TsigAlgorithm::hmac_sha1, "hmac-sha1", {"\x09hmac-sha1\0", 11}, EVP_sha1},
    {TsigAlgorithm::hmac_sha224, "hmac-sha224", {"\x0bhmac-sha224\0", 13}, EVP_sha224},
    {TsigAlgorithm::hmac_sha256, "hmac-sha256", {"\x0bhmac-sha256\0", 13}, EVP_sha256},
    {TsigAlgorithm::hmac_sha384, "hmac-sha384", {"\x0bhmac-sha384\0", 13}, EVP_sha384},
    {TsigAlgorithm::hmac_sha512, "hmac-sha512", {"\x0bhmac-sha512\0", 13}, EVP_sha512},
}};

const Algorithm& algorithm_of(const TsigKey& key) { return k_algorithms[static_cast<std::size_t>(key.algorithm)]; }
std::size_t mac_bytes(const TsigKey& key) { return static_cast<std::size_t>(EVP_MD_size(algorithm_of(key).digest())); }

std::string folded(Bytes text) {
  std::string result;
  for (const std::uint8_t octet : text) result += static_cast<char>(fold(octet));
  return result;
}

void append_u16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}
void append_time(std::string& out, std::uint64_t time) {
  for (int shift = 40; shift >= 0; shift -= 8) out += static_cast<char>(time >> shift);
}

std::string hmac(const TsigKey& key, std::string_view signed_octets) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const auto* made = HMAC(algorithm_of(key).digest(), key.secret.data(), static_cast<int>(key.secret.size()),
                          octets(signed_octets).data(), signed_octets.size(), mac.data(), &size);
  check(made != nullptr, "HMAC is made of any octets");
  return {reinterpret_cast<const char*>(mac.data()), size};
}

// The TSIG variables that are hashed after the message (RFC 8945 §4.3.3), or the timers only.
std::string variables(const TsigKey& key, std::uint64_t time, std::uint16_t fudge, TsigError error, Bytes other,
                      bool timers_only) {
  std::string out;
  if (!timers_only) {
    out = key.name.folded_wire();
    append_u16(out, static_cast<std::size_t>(Class::any));
    out.append(4, '\0');  // TTL
    out += algorithm_of(key).wire;
  }
  append_time(out, time);
  append_u16(out, fudge);
  if (timers_only) return out;
  append_u16(out, static_cast<std::size_t>(error));
  append_u16(out, other.size());
  out.append(reinterpret_cast<const char*>(other.data()), other.size());
  return out;
}

std::size_t append_record(WritableBytes room, std::size_t size, Bytes key_name, std::string_view rdata) {
  ByteWriter out(room.subspan(size));
  out.bytes(key_name);
  out.u16(static_cast<std::uint16_t>(Type::tsig));
  out.u16(static_cast<std::uint16_t>(Class::any));
  out.u32(0);
  out.u16(static_cast<std::uint16_t>(rdata.size()));
  out.bytes(octets(rdata));
  if (!out.ok()) return size;
  constexpr std::size_t k_arcount_at = 10;
  store_u16(room.data() + k_arcount_at, static_cast<std::uint16_t>(load_u16(room.data() + k_arcount_at) + 1));
  return size + out.size();
}

std::string rdata_of(std::string_view algorithm, std::uint64_t time, std::uint16_t fudge, std::string_view mac,
                     std::uint16_t id, TsigError error, Bytes other) {
  std::string rdata(algorithm);
  append_time(rdata, time);
  append_u16(rdata, fudge);
  append_u16(rdata, mac.size());
  rdata += mac;
  append_u16(rdata, id);
  append_u16(rdata, static_cast<std::size_t>(error));
  append_u16(rdata, other.size());
  rdata.append(reinterpret_cast<const char*>(other.data()), other.size());
  return rdata;
}

}  // namespace

struct TsigSigner::Stamp {
  std::uint64_t time = 0;
  std::uint16_t fudge = k_fudge;
  TsigError error = TsigError::none;
  Bytes other = {};
};

std::optional<TsigAlgorithm> parse_tsig_algorithm(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  const std::string name = folded(octets(text));
  const auto at = std::ranges::find(k_algorithms, std::string_view(name), &Algorithm::text);
  if (at == k_algorithms.end()) return std::nullopt;
  return at->id;
}

std::optional<std::string> parse_base64(std::string_view text) {
  return text.empty() || text.size() % 4 != 0 ? std::nullopt : decode_base64(text);
}

bool read_tsig_rdata(Bytes rdata, TsigRecord& record) {
  QuestionName algorithm;
  if (!algorithm.read(rdata)) return false;
  record.algorithm = rdata.first(algorithm.size);
  ByteReader reader(rdata, algorithm.size);
  record.time_signed = std::uint64_t{reader.u16()} << 32;
  record.time_signed |= reader.u32();
  record.fudge = reader.u16();
  record.mac = reader.bytes(reader.u16());
  record.original_id = reader.u16();
  record.error = reader.u16();
  record.other = reader.bytes(reader.u16());
  return reader.ok() && reader.left() == 0;
}

TsigVerdict verify_tsig(Bytes message, const TsigRecord& record, const TsigKeys& keys, std::uint64_t now) {
  const std::string name = folded(record.key_name);
  const std::string algorithm = folded(record.algorithm);
  const auto key = std::ranges::find_if(keys, [&](const TsigKey& each) {
    return each.name.folded_wire() == name && algorithm_of(each).wire == algorithm;
  });
  if (key == keys.end()) return {.error = TsigError::badkey};
  const std::size_t whole = mac_bytes(*key);
  if (record.mac.size() > whole || record.mac.size() < std::max(k_mac_bytes_min, whole / 2)) {
    return {.is_malformed = true, .key = &*key};
  }
  // The signed data: the message as it was before the TSIG record was appended.
  std::string text(reinterpret_cast<const char*>(message.data()), record.at);
  auto* header = reinterpret_cast<std::uint8_t*>(text.data());
  store_u16(header, record.original_id);
  store_u16(header + 10, static_cast<std::uint16_t>(load_u16(header + 10) - 1));
  text += variables(*key, record.time_signed, record.fudge, static_cast<TsigError>(record.error), record.other, false);
  const std::string mac = hmac(*key, text);
  if (CRYPTO_memcmp(mac.data(), record.mac.data(), record.mac.size()) != 0) {
    return {.error = TsigError::badsig, .key = &*key};
  }
  const std::uint64_t apart = std::max(now, record.time_signed) - std::min(now, record.time_signed);
  if (apart > record.fudge) return {.error = TsigError::badtime, .key = &*key};
  if (record.mac.size() < whole) return {.error = TsigError::badtrunc, .key = &*key};
  return {.key = &*key};
}

std::size_t TsigSigner::bytes() const {
  constexpr std::size_t k_record_fixed = 10;
  constexpr std::size_t k_rdata_fixed = k_time_bytes + 10;  // time, fudge, MAC size, id, error, other size
  return key_.name.wire().size() + k_record_fixed + algorithm_of(key_).wire.size() + k_rdata_fixed + mac_bytes(key_) +
         k_time_bytes;
}

std::size_t TsigSigner::append(WritableBytes room, std::size_t size, const Stamp& stamp) {
  std::string text;
  if (!prior_mac_.empty()) {
    append_u16(text, prior_mac_.size());
    text += prior_mac_;
  }
  text.append(reinterpret_cast<const char*>(room.data()), size);
  text += variables(key_, stamp.time, stamp.fudge, stamp.error, stamp.other, !is_first_);
  const std::string mac = hmac(key_, text);
  const std::size_t signed_size = append_record(
      room, size, key_.name.wire(),
      rdata_of(algorithm_of(key_).wire, stamp.time, stamp.fudge, mac, load_u16(room.data()), stamp.error, stamp.other));
  prior_mac_ = mac;
  is_first_ = false;
  return signed_size;
}

std::size_t TsigSigner::sign(WritableBytes room, std::size_t size, std::uint64_t now) {
  return append(room, size, {.time = now});
}

std::size_t TsigSigner::sign_refusal(WritableBytes room, std::size_t size, const TsigRecord& request, TsigError error,
                                     std::uint64_t now) {
  std::string ours;
  if (error == TsigError::badtime) append_time(ours, now);
  // Sign with the client's own time, so that the client can verify the signature even if its clock is wrong.
  return append(room, size,
                {.time = request.time_signed, .fudge = request.fudge, .error = error, .other = octets(ours)});
}

std::size_t append_unsigned_tsig(WritableBytes room, std::size_t size, const TsigRecord& request, TsigError error) {
  const std::string_view algorithm(reinterpret_cast<const char*>(request.algorithm.data()), request.algorithm.size());
  return append_record(room, size, request.key_name,
                       rdata_of(algorithm, request.time_signed, request.fudge, {}, load_u16(room.data()), error, {}));
}

}  // namespace rollcall::dns
