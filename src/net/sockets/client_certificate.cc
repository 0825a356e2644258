#include "net/sockets/client_certificate.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string_view>

#include "base/limits.h"
#include "net/sockets/certificate.h"

namespace rollcall::net {
namespace {

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(BIO* file) const { BIO_free(file); }
};

// A NUL inside a name could make a comparison stop early, and accept another name.
void keep(const ASN1_STRING* text, std::vector<std::string>& names) {
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(text));
  const std::string_view name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), size);
  const bool is_plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
  if (name.empty() || name.size() > limits::k_certificate_name_bytes_max || !is_plain) return;
  if (names.size() < limits::k_certificate_names_max) names.emplace_back(name);
}

void keep_alternative_names(const X509* certificate, std::vector<std::string>& names) {
  const std::unique_ptr<GENERAL_NAMES, Free> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS) keep(name->d.dNSName, names);
    if (name->type == GEN_URI) keep(name->d.uniformResourceIdentifier, names);
  }
}

void keep_common_name(const X509* certificate, std::vector<std::string>& names) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) keep(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), names);
}

}  // namespace

std::vector<std::string> names_in_certificate(const std::string& file) {
  std::vector<std::string> names;
  const std::unique_ptr<BIO, Free> opened(BIO_new_file(file.c_str(), "r"));
  const std::unique_ptr<X509, Free> certificate(opened ? PEM_read_bio_X509(opened.get(), nullptr, nullptr, nullptr)
                                                       : nullptr);
  ERR_clear_error();
  if (!certificate) return names;
  keep_alternative_names(certificate.get(), names);
  if (names.empty()) keep_common_name(certificate.get(), names);
  return names;
}

std::chrono::system_clock::time_point end_of(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

api::CertificateIdentity identity_of_client(const SSL* connection) {
  api::CertificateIdentity identity;
  const std::unique_ptr<X509, Free> certificate(SSL_get1_peer_certificate(connection));
  if (!certificate || SSL_get_verify_result(connection) != X509_V_OK) return identity;
  keep_alternative_names(certificate.get(), identity.names);
  if (identity.names.empty()) keep_common_name(certificate.get(), identity.names);
  identity.ends_at = end_of(certificate.get());
  return identity;
}

}  // namespace rollcall::net
