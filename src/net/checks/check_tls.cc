#include "net/checks/check_tls.h"

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <memory>
#include <openssl/ssl.h>
#include <string>

namespace rollcall::net {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::array<unsigned char, 3> k_http2{2, 'h', '2'};  // RFC 7301 §3.1: a length, and the name

}  // namespace

ssl::context& check_tls_context(bool skips_verify) {
  const auto make = [](bool skips) {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    boost::system::error_code ignored;
    context->set_default_verify_paths(ignored);
    context->set_verify_mode(skips ? ssl::verify_none : ssl::verify_peer);
    return context;
  };
  static const std::unique_ptr<ssl::context> verifying = make(false);
  static const std::unique_ptr<ssl::context> trusting = make(true);
  return skips_verify ? *trusting : *verifying;
}

void prepare_check_tls(CheckTls& tls, const health::Check& check, const IpEndpoint& endpoint, bool speaks_http2) {
  const std::string& name = check.tls_name.empty() ? check.address : check.tls_name;
  if (!name.empty() && !IpAddress::parse(name)) {
    SSL_set_tlsext_host_name(tls.native_handle(), name.c_str());
  }
  if (!check.skips_tls_verify) {
    tls.set_verify_callback(ssl::host_name_verification(name.empty() ? endpoint.address.text() : name));
  }
  if (speaks_http2) SSL_set_alpn_protos(tls.native_handle(), k_http2.data(), k_http2.size());
}

}  // namespace rollcall::net
