// Asking the server under test, and what holds for every answer, whatever was asked:
//
//   QR=1, RA=0, Z=0, AD=0; id and opcode are the query's; the question comes back bit for bit; OPT comes exactly when the
//   query had one; a UDP answer is no longer than the client takes, nor than 1232 octets (RFC 9715).
//
// Failure  no answer, or one that breaks the above, fails the test.
#pragma once

#include <optional>
#include <string_view>

#include "conformance/client.h"
#include "conformance/message.h"
#include "conformance/text.h"
#include "dns/types.h"

namespace rollcall::conformance {

enum class Over : std::uint8_t { udp, tcp };

inline constexpr std::uint16_t k_rd = 0x0100;
inline constexpr std::uint16_t k_tc = 0x0200;

// The question most often asked: the address of www.c.test.
inline const Octets k_www = question("www.c.test.", dns::Type::a);

// An ordinary query.
struct Query {
  std::string_view name;
  dns::Type type = dns::Type::a;
  std::uint16_t klass = k_class_in;
  std::uint16_t flags = 0;
  std::optional<std::uint16_t> payload = {};  // with EDNS
};
[[nodiscard]] Octets write(const Query& query);
[[nodiscard]] Message ask(const Query& query, Over over = Over::udp);

// Any octets; the answer is held to the header's part of the above.
[[nodiscard]] Message exchange(const Octets& query, Over over = Over::udp);

// The content of the option with this code in the reply's OPT; at most one may be there.
[[nodiscard]] std::optional<Octets> option_of(const Message& reply, std::uint16_t code);

// Whether the server says nothing to this datagram, and answers the next.
[[nodiscard]] bool is_met_with_silence(const Octets& datagram);

// NODATA or NXDOMAIN as RFC 2308 wants it: nothing but the zone's SOA, with the TTL of negative answers.
inline constexpr std::string_view k_negative_soa =
    "c.test. 30 IN SOA ns1.c.test. hostmaster.c.test. 1 3600 600 86400 30";
void check_nodata(const Message& reply);
void check_nxdomain(const Message& reply);
void check_refused(const Message& reply);

}  // namespace rollcall::conformance
