#include "net/sockets/handshake_failure.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>

namespace rollcall::net {
namespace {

namespace asio = boost::asio;

constexpr const char* k_old_version = "it speaks no TLS of version 1.2 or later";

// The reason of an error that OpenSSL found, or that the peer's alert told; 0: it is another error.
int reason_of(const boost::system::error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) return 0;
  return ERR_GET_REASON(static_cast<unsigned long>(error.value()));
}

// The words of what this says nothing better about.
std::string other(const boost::system::error_code& error) {
  const bool has_gone = error == asio::error::eof || error == asio::error::connection_reset ||
                        error == asio::error::broken_pipe || error == asio::error::operation_aborted ||
                        error == asio::error::bad_descriptor || error == asio::ssl::error::stream_truncated;
  return has_gone ? std::string() : fmt::format("no TLS can be agreed on ({})", error.message());
}

}  // namespace

HandshakeFailure why_client_failed(const boost::system::error_code& error, const SSL* connection) {
  ERR_clear_error();
  const long verified = SSL_get_verify_result(connection);
  switch (reason_of(error)) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
      return {.sentence = "it does not speak TLS, and this port speaks TLS: an HTTP client must write https://",
              .is_plain_http = true};
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return {.sentence = "it shows no certificate, and http.tls.client_certificates is \"required\""};
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return {.sentence =
                  fmt::format("its certificate is refused ({}): it must be valid now, and signed by an authority in "
                              "the file of http.tls.client_ca",
                              X509_verify_cert_error_string(verified))};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW: return {.sentence = k_old_version};
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return {.sentence = "it asks for another protocol over TLS (ALPN) than this port speaks"};
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return {.sentence =
                  "it does not trust the certificate of this port: its authority is unknown there, it has expired, or "
                  "it is for another name"};
    default: return {.sentence = other(error)};
  }
}

HandshakeFailure why_server_failed(const boost::system::error_code& error, const SSL* connection) {
  ERR_clear_error();
  const long verified = SSL_get_verify_result(connection);
  switch (reason_of(error)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST: return {.sentence = "it does not speak TLS: is it plain http://?", .is_plain_http = true};
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return {.sentence = fmt::format("its certificate is not trusted here ({}), or is for another name",
                                      X509_verify_cert_error_string(verified))};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return {.sentence = k_old_version};
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return {.sentence = "it wants a certificate that it was not shown"};
    default: return {.sentence = other(error)};
  }
}

}  // namespace rollcall::net
