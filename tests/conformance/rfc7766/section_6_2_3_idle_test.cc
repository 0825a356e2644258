#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 7766 §6.2.3: a query that is never completed does not keep its connection open", "[roll]") {
  constexpr int k_patience_periods = 6;  // idle is told by the keepalive option: 10 s
  Tcp connection(dns_server());
  Octets part = with_length(message({}, {question("www.c.test.", Type::a)}));
  part.pop_back();
  bool is_closed = false;
  for (int i = 0; i < k_patience_periods && !is_closed; ++i) {
    if (i == 0) connection.send_raw(part);
    is_closed = connection.is_closed_by_peer();
  }
  CHECK(is_closed);
}

TEST_CASE("RFC 7766 §6.2.2: connections of one client do not end each other") {
  Tcp first(dns_server());
  Tcp second(dns_server());
  const Octets asked = message({}, {question("www.c.test.", Type::a)});
  second.send(asked);
  CHECK(second.receive());
  first.send(asked);
  CHECK(first.receive());
}

}  // namespace
}  // namespace rollcall::conformance
