#include "client/tls_failure.h"

#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>

namespace rollcall::client {
namespace {

using boost::system::error_code;

constexpr const char* k_give_certificate = "give one with its key (certificate_file, key_file; rollcall --cert, --key)";

int reason_of(const error_code& error) {
  if (error.category() != boost::asio::error::get_ssl_category()) return 0;
  return ERR_GET_REASON(static_cast<unsigned long>(error.value()));
}

}  // namespace

std::optional<std::string> refused_by_alert(const error_code& error) {
  switch (reason_of(error)) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return fmt::format("it wants a client certificate: {}", k_give_certificate);
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return "it does not accept the client certificate: that must be valid now, and signed by an authority that the "
             "server "
             "trusts (its http.tls.client_ca)";
    default: return std::nullopt;
  }
}

std::string why_no_tls(const error_code& error, const SSL* connection, const std::string& host) {
  const long verified = SSL_get_verify_result(connection);
  const int reason = reason_of(error);
  ERR_clear_error();
  if (reason == SSL_R_WRONG_VERSION_NUMBER) return "this port speaks plain HTTP: write http:// instead of https://";
  if (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE) {
    return fmt::format("it refuses the handshake; if it wants a client certificate, {}", k_give_certificate);
  }
  if (const auto refused = refused_by_alert(error)) return *refused;
  switch (verified) {
    case X509_V_OK: return error.message();
    case X509_V_ERR_CERT_HAS_EXPIRED: return "its certificate has expired, or the clock of this machine is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid yet, or the clock of this machine is wrong";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return fmt::format(
          "its certificate is not signed by an authority that is trusted here ({}): name the file of that "
          "authority (ca_file; rollcall --cacert)",
          X509_verify_cert_error_string(verified));
    default:
      return fmt::format("its certificate is refused ({}); it must be for the name {}",
                         X509_verify_cert_error_string(verified), host);
  }
}

}  // namespace rollcall::client
