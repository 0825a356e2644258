// TLS between nodes: each shows a certificate, and each takes those alone that the same authority has signed.
//
// Shape    a context for connections that come, and one for those that are made. Names in certificates are not looked at: a
//          certificate of this authority makes a node of this cluster.
// Threads  any.
// Failure  Errc::start_up with a sentence that names the file.
// Source   RFC 8446; RFC 7301: the protocol `rollcall-peers`, so that no other server of the same authority answers.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/sockets/tls_context.h"

namespace rollcall::net {

struct PeerTls {
  std::unique_ptr<TlsContext> server;
  TlsContext::Shared client;

  // Files, PEM.
  [[nodiscard]] static Result<PeerTls> load(const std::string& certificate, const std::string& key,
                                            const std::string& authority);
};

}  // namespace rollcall::net
