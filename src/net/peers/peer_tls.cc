#include "net/peers/peer_tls.h"

#include <algorithm>
#include <array>
#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <utility>

#include "base/ascii_case.h"

namespace rollcall::net {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::string_view k_protocol = "rollcall-peers";
constexpr std::string_view k_offered = "\x0erollcall-peers";  // RFC 7301 §3.1
static_assert(k_offered.size() == k_protocol.size() + 1 && k_offered[0] == k_protocol.size());

Result<TlsContext::Shared> load_client(const CertificateFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_protos(native, reinterpret_cast<const unsigned char*>(k_offered.data()),
                          static_cast<unsigned>(k_offered.size()));
  boost::system::error_code error;
  context->use_certificate_chain_file(files.certificate, error);
  if (error) return unusable(files.certificate, "a certificate with its chain", error);
  context->use_private_key_file(files.key, ssl::context::pem, error);
  if (error) return unusable(files.key, "a private key without a passphrase", error);
  context->load_verify_file(files.client_ca, error);
  if (error) return unusable(files.client_ca, "a certificate", error);
  context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  return context;
}

}  // namespace

bool names_node(std::span<const std::string> names, std::string_view node) {
  return std::ranges::any_of(names, [&](std::string_view name) {
    const std::string_view first = name.substr(0, name.find('.'));
    return equal_but_for_case(first, node) || (first == "*" && first.size() < name.size());
  });
}

Result<PeerTls> PeerTls::load(const std::string& certificate, const std::string& key, const std::string& authority) {
  const CertificateFiles files{
      .certificate = certificate, .key = key, .client_ca = authority, .needs_client_certificate = true};
  auto server = TlsContext::load(files, k_protocol);
  if (!server) return std::unexpected(server.error());
  auto client = load_client(files);
  if (!client) return std::unexpected(client.error());
  return PeerTls{std::move(*server), std::move(*client)};
}

}  // namespace rollcall::net
