// The messages of grpc.health.v1.Health/Check: a service's name goes out, a status comes back.
//
//   request    flag 0, length (4 octets), HealthCheckRequest { string service = 1 }
//   response   flag 0, length (4 octets), HealthCheckResponse { ServingStatus status = 1 }
//
// Shape    pure functions; the two messages are small enough to be written and read by hand.
// Source   gRPC over HTTP/2 ("Length-Prefixed-Message"); Protocol Buffers' encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::net {

// As the protocol numbers them; a number beyond them is possible.
enum class ServingStatus : std::uint32_t { unknown, serving, not_serving, service_unknown };
[[nodiscard]] std::string to_text(ServingStatus status);  // "SERVING"; "status 7" for a number without a name

[[nodiscard]] std::string health_request(std::string_view service);
// Empty: it is no such message, or is compressed.
[[nodiscard]] std::optional<ServingStatus> parse_health_response(std::string_view message);

// "5 (NOT_FOUND)": a grpc-status as it came.
[[nodiscard]] std::string grpc_status_text(std::string_view status);

}  // namespace rollcall::net
