#include "net/peers/peer_key.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::net {
namespace {

constexpr std::size_t k_key_octets_apart_min = 8;  // a random text of 32 octets has more different ones

struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
};

EVP_MAC* hmac() {
  static const std::unique_ptr<EVP_MAC, FreeMac> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  check(mac != nullptr, "OpenSSL has HMAC");
  return mac.get();
}

}  // namespace

struct PeerSeals::Mac {
  struct Free {
    void operator()(EVP_MAC_CTX* made) const { EVP_MAC_CTX_free(made); }
  };
  explicit Mac(Bytes key) : context(EVP_MAC_CTX_new(hmac())) {
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    check(context != nullptr && EVP_MAC_init(context.get(), key.data(), key.size(), parameters) == 1,
          "HMAC can be begun");
  }

  void add(Bytes octets) { EVP_MAC_update(context.get(), octets.data(), octets.size()); }
  Sha256 finish() {
    Sha256 seal{};
    std::size_t size = 0;
    const bool is_made = EVP_MAC_final(context.get(), seal.data(), &size, seal.size()) == 1 && size == seal.size();
    check(is_made && EVP_MAC_init(context.get(), nullptr, 0, nullptr) == 1, "HMAC can be ended, and begun again");
    return seal;
  }

  std::unique_ptr<EVP_MAC_CTX, Free> context;
};

PeerSeals::PeerSeals(const Sha256& key) : mac_(std::make_unique<Mac>(key)) {}
PeerSeals::~PeerSeals() = default;
PeerSeals::PeerSeals(PeerSeals&&) noexcept = default;
PeerSeals& PeerSeals::operator=(PeerSeals&&) noexcept = default;

Sha256 PeerSeals::next(Bytes frame) {
  std::array<std::uint8_t, sizeof(number_)> number{};
  store_word(number.data(), number_++);
  mac_->add(number);
  mac_->add(frame);
  return mac_->finish();
}

Result<PeerKey> PeerKey::load(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string content(limits::k_peer_key_bytes_max + 1, '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  if (!stream.is_open() || stream.bad()) return failure(Errc::start_up, fmt::format("{}: it cannot be read", file));
  Result<PeerKey> key = parse(content);
  if (!key) key.error().message = fmt::format("{}: {}", file, key.error().message);
  return key;
}

Result<PeerKey> PeerKey::parse(std::string_view content) {
  const std::size_t end = content.find_last_not_of(" \t\r\n");
  content = content.substr(0, end == std::string_view::npos ? 0 : end + 1);
  if (content.size() > limits::k_peer_key_bytes_max) {
    return failure(Errc::start_up, fmt::format("a key has at most {} octets", limits::k_peer_key_bytes_max));
  }
  const std::set<char> apart(content.begin(), content.end());
  if (content.size() < limits::k_peer_key_bytes_min || apart.size() < k_key_octets_apart_min) {
    return failure(Errc::start_up, fmt::format("a key has at least {} random octets; `openssl rand -hex 32` makes one",
                                               limits::k_peer_key_bytes_min));
  }
  return PeerKey(content);
}

Sha256 PeerKey::derive(std::string_view purpose, Bytes octets) const {
  PeerSeals::Mac mac(rollcall::octets(secret_));
  mac.add(rollcall::octets(purpose));
  mac.add(octets);
  return mac.finish();
}

PeerSession make_session(const PeerKey& key, Bytes hello_of_asker, Bytes hello_of_answerer) {
  // Frames say their own length, so the two cannot be divided in another way.
  std::vector<std::uint8_t> both(hello_of_asker.begin(), hello_of_asker.end());
  both.insert(both.end(), hello_of_answerer.begin(), hello_of_answerer.end());
  return {PeerSeals(key.derive("rollcall peers 1 asking ", both)),
          PeerSeals(key.derive("rollcall peers 1 answering ", both))};
}

}  // namespace rollcall::net
