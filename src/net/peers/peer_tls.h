// TLS between nodes: each shows a certificate, and each takes those alone that the same authority has signed.
//
// Shape    a context for connections that come, and one for those that are made. A certificate of this authority makes a node
//          of the cluster; which one, its DNS names say (RFC 6125), so that a stolen key speaks for one node alone.
// Threads  any.
// Failure  Errc::start_up with a sentence that names the file.
// Source   RFC 8446; RFC 7301: the protocol `rollcall-peers`, so that no other server of the same authority answers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/sockets/tls_context.h"

namespace rollcall::net {

// Whether one of a certificate's names is that of the node: the name itself, or as the first label of a longer one
// (n1.example.net); `*` as first label stands for all nodes.
[[nodiscard]] bool names_node(std::span<const std::string> names, std::string_view node);

struct PeerTls {
  std::unique_ptr<TlsContext> server;
  TlsContext::Shared client;

  // Files, PEM.
  [[nodiscard]] static Result<PeerTls> load(const std::string& certificate, const std::string& key,
                                            const std::string& authority);
};

}  // namespace rollcall::net
