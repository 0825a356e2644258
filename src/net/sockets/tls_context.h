// A certificate and its key, ready for TLS connections.
//
// Owner    owns OpenSSL's contexts; a connection shares the one it was opened with, so that a reload leaves it alone.
// Threads  any.
// Failure  Errc::start_up with a sentence that names the file. After a failed reload the old certificate stays.
// Source   RFC 8446, RFC 7858 §3.2 (ALPN `dot`), RFC 7301 §3.2: a peer that speaks only other protocols is refused.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "base/result.h"
#include "net/sockets/certificate.h"

namespace rollcall::net {

// A file that OpenSSL does not take: its words say what its parser met, `wanted` is what the file should be.
[[nodiscard]] std::unexpected<Error> unusable(const std::string& file, std::string_view wanted,
                                              const boost::system::error_code& error);

class TlsContext {
 public:
  using Shared = std::shared_ptr<boost::asio::ssl::context>;

  // `protocol`: "dot" or "http/1.1", the protocol that ALPN must agree on, if the peer uses ALPN. A string literal.
  [[nodiscard]] static Result<std::unique_ptr<TlsContext>> load(const CertificateFiles& files,
                                                                std::string_view protocol);

  // For connections opened from now on.
  [[nodiscard]] Result<void> reload(const CertificateFiles& files);
  [[nodiscard]] Shared current() const;

 private:
  TlsContext(std::string_view protocol, Shared context) : protocol_(protocol), context_(std::move(context)) {}

  std::string_view protocol_;
  Guarded<Shared> context_;
};

}  // namespace rollcall::net
