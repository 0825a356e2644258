#include "server/net_settings.h"

#include <utility>

#include "net/sockets/certificate.h"
#include "ops/access_settings.h"

namespace rollcall::server {

net::Certificates certificates_of(const ops::Settings& settings) {
  const auto files = [](const ops::TlsSettings& tls) {
    return net::CertificateFiles{tls.certificate, tls.key, tls.client_ca, tls.needs_client_certificate};
  };
  return {.dns = files(settings.dns_tls), .http = files(settings.http_tls)};
}

net::HostRules hosts_of(const ops::Settings& settings) {
  net::HostRules rules{.has_credentials = ops::access_rules_of(settings).ask_for_credentials(),
                       .listed = settings.access.hosts,
                       .own = ops::names_of_machine()};
  if (settings.http_tls.listen.empty()) return rules;
  for (std::string& name : net::names_in_certificate(settings.http_tls.certificate))
    rules.own.push_back(std::move(name));
  return rules;
}

Result<void> check_certificates(const ops::Settings& settings) {
  const net::Certificates files = certificates_of(settings);
  if (!settings.dns_tls.listen.empty()) {
    if (const Result<void> checked = net::check_certificate(files.dns); !checked) return checked;
  }
  return settings.http_tls.listen.empty() ? Result<void>() : net::check_certificate(files.http);
}

}  // namespace rollcall::server
