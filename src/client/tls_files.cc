#include "client/tls_files.h"

#include <boost/system/error_code.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>
#include <string>
#include <string_view>

namespace rollcall::client {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// What OpenSSL calls it, in words about the file.
std::string reason(const error_code& error, std::string_view what) {
  if (error.category() == boost::system::system_category()) return error.message();
  const auto code = static_cast<unsigned long>(error.value());
  const bool has_none =
      ERR_GET_LIB(code) == ERR_LIB_PEM || ERR_GET_LIB(code) == ERR_LIB_OSSL_DECODER ||
      (ERR_GET_LIB(code) == ERR_LIB_X509 && ERR_GET_REASON(code) == X509_R_NO_CERTIFICATE_OR_CRL_FOUND);
  if (has_none) return fmt::format("there is no {} in PEM in it", what == "key" ? what : "certificate");
  return error.message();
}

std::unexpected<Error> unusable(std::string_view what, const std::string& file, const error_code& error) {
  ERR_clear_error();
  return failure(Errc::invalid, fmt::format("cannot use the {} {}: {}", what, file, reason(error, what)));
}

}  // namespace

Result<void> load_tls_files(asio::ssl::context& tls, const HttpSettings& settings, bool is_for_https) {
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  tls.set_verify_mode(asio::ssl::verify_peer);
  error_code error;
  if (settings.ca_file.empty()) {
    if (is_for_https) tls.set_default_verify_paths(error);
  } else {
    tls.load_verify_file(settings.ca_file, error);
    if (error) return unusable("CA file", settings.ca_file, error);
  }
  if (settings.certificate_file.empty() && !settings.key_file.empty()) {
    return failure(Errc::invalid, fmt::format("the key {} needs its certificate: give that too", settings.key_file));
  }
  if (settings.certificate_file.empty()) return {};
  tls.use_certificate_chain_file(settings.certificate_file, error);
  if (error) return unusable("certificate", settings.certificate_file, error);
  const std::string& key = settings.key_file.empty() ? settings.certificate_file : settings.key_file;
  tls.use_private_key_file(key, asio::ssl::context::pem, error);
  const auto code = static_cast<unsigned long>(error.value());
  if (error && ERR_GET_LIB(code) == ERR_LIB_X509 && ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH) {
    ERR_clear_error();
    return failure(Errc::invalid,
                   fmt::format("the key {} does not belong to the certificate {}", key, settings.certificate_file));
  }
  if (error) return unusable("key", key, error);
  return {};
}

}  // namespace rollcall::client
