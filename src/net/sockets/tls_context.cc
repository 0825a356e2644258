#include "net/sockets/tls_context.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <fmt/format.h>
#include <fstream>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <span>
#include <system_error>
#include <utility>

#include "net/sockets/client_certificate.h"

namespace rollcall::net {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::string_view k_session_context = "rollcall";

}  // namespace

std::unexpected<Error> unusable(const std::string& file, std::string_view wanted,
                                const boost::system::error_code& error) {
  ERR_clear_error();
  errno = 0;
  const bool is_readable = std::ifstream(file).good();
  if (!is_readable && errno != 0) {
    return failure(Errc::start_up, fmt::format("{}: cannot be read: {}", file, std::generic_category().message(errno)));
  }
  return failure(Errc::start_up,
                 fmt::format("{}: {} in PEM format is expected there, and there is none that can be used ({})", file,
                             wanted, error.message()));
}

namespace {

// RFC 7301 §3.1: length-prefixed names, in the client's order. Ours is the only one there is.
int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes, const unsigned char* offered,
                    unsigned offered_bytes, void* ours) {
  const auto& wanted = *static_cast<const std::string_view*>(ours);
  std::span<const unsigned char> rest(offered, offered_bytes);
  while (!rest.empty() && rest.front() < rest.size()) {
    const auto name = rest.subspan(1, rest.front());
    if (std::string_view(reinterpret_cast<const char*>(name.data()), name.size()) == wanted) {
      *chosen = name.data();
      *chosen_bytes = static_cast<unsigned char>(name.size());
      return SSL_TLSEXT_ERR_OK;
    }
    rest = rest.subspan(1 + name.size());
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A session with a client certificate stores when the first certificate of the verified chain expires. The ticket carries
// that time, also to sessions that resume this one, where no certificate is verified again.
int note_end_of_chain(SSL* connection, void*) {
  STACK_OF(X509)* const chain = SSL_get0_verified_chain(connection);
  if (chain == nullptr) return 1;
  auto end = std::chrono::system_clock::time_point::max();
  for (int i = 0; i < sk_X509_num(chain); ++i) end = std::min(end, end_of(sk_X509_value(chain, i)));
  const std::int64_t seconds = std::chrono::system_clock::to_time_t(end);
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(connection), &seconds, sizeof(seconds));
}

bool has_ended(SSL_SESSION* session) {
  if (SSL_SESSION_get0_peer(session) == nullptr) return false;
  void* noted = nullptr;
  std::size_t bytes = 0;
  std::int64_t seconds = 0;
  if (SSL_SESSION_get0_ticket_appdata(session, &noted, &bytes) != 1 || bytes != sizeof(seconds)) return true;
  std::memcpy(&seconds, noted, sizeof(seconds));
  return std::time(nullptr) >= seconds;
}

// No ticket is valid longer than a certificate: after that a full handshake follows, with a current certificate.
SSL_TICKET_RETURN judge_ticket(SSL*, SSL_SESSION* session, const unsigned char*, std::size_t, SSL_TICKET_STATUS status,
                               void*) {
  const bool is_sound = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  if (!is_sound || has_ended(session)) return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

// Clients are asked for a certificate signed by one of these authorities. Any other certificate fails the handshake.
Result<void> ask_clients(ssl::context& context, const CertificateFiles& files) {
  boost::system::error_code error;
  context.load_verify_file(files.client_ca, error);
  if (error) return unusable(files.client_ca, "a certificate", error);
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(files.client_ca.c_str());
  if (names == nullptr) {
    ERR_clear_error();
    return failure(Errc::start_up, fmt::format("{}: there is no certificate in it", files.client_ca));
  }
  SSL_CTX_set_client_CA_list(context.native_handle(), names);  // takes it over
  SSL_CTX_set_session_ticket_cb(context.native_handle(), note_end_of_chain, judge_ticket, nullptr);
  const int needs = files.needs_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context.native_handle(), SSL_VERIFY_PEER | needs, nullptr);
  return {};
}

// `protocol` outlives the context.
Result<TlsContext::Shared> load_context(const CertificateFiles& files, const std::string_view* protocol) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  // Renegotiation costs the server more than the client (CVE-2011-1473); compression leaks secrets (RFC 7525 §3.3).
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection keeps no buffers.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  // Sessions are resumed with tickets, which the client keeps (RFC 5077, RFC 8446 §2.2): no memory of ours.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(native, reinterpret_cast<const unsigned char*>(k_session_context.data()),
                                 static_cast<unsigned>(k_session_context.size()));
  SSL_CTX_set_alpn_select_cb(native, select_protocol, const_cast<std::string_view*>(protocol));

  boost::system::error_code error;
  context->use_certificate_chain_file(files.certificate, error);
  if (error) return unusable(files.certificate, "a certificate with its chain", error);
  context->use_private_key_file(files.key, ssl::context::pem, error);
  if (error) return unusable(files.key, "a private key without a passphrase", error);
  if (SSL_CTX_check_private_key(native) != 1) {
    ERR_clear_error();
    return failure(Errc::start_up, fmt::format("{} is not the key of {}", files.key, files.certificate));
  }
  if (!files.client_ca.empty()) {
    if (const Result<void> asked = ask_clients(*context, files); !asked) return std::unexpected(asked.error());
  }
  return context;
}

}  // namespace

Result<void> check_certificate(const CertificateFiles& files) {
  static constexpr std::string_view k_any = "any";
  const auto loaded = load_context(files, &k_any);
  if (!loaded) return std::unexpected(loaded.error());
  return {};
}

Result<std::unique_ptr<TlsContext>> TlsContext::load(const CertificateFiles& files, std::string_view protocol) {
  std::unique_ptr<TlsContext> made(new TlsContext(protocol, nullptr));
  if (const Result<void> loaded = made->reload(files); !loaded) return std::unexpected(loaded.error());
  return made;
}

Result<void> TlsContext::reload(const CertificateFiles& files) {
  Result<Shared> loaded = load_context(files, &protocol_);
  if (!loaded) return std::unexpected(loaded.error());
  context_.with([&](Shared& current) { current = std::move(*loaded); });
  return {};
}

TlsContext::Shared TlsContext::current() const {
  return context_.with([](const Shared& current) { return current; });
}

}  // namespace rollcall::net
