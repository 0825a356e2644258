// One question over HTTP/2, and what the answer comes to: a PING, or a call of the gRPC health protocol.
//
// Shape    octets in, octets out; no socket, no clock. What `output` returns is sent before anything is read; what is read
//          goes to `input`. `verdict` is there when the answer is.
// Limits   k_http2_answer_bytes_max octets are read, k_grpc_message_bytes_max of the message.
// Owner    one run of a check. The only user of nghttp2.
// Threads  one.
// Failure  is a verdict: whatever the peer sends, nothing is thrown.
// Source   RFC 9113; gRPC over HTTP/2, and its health checking protocol (grpc.health.v1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rollcall::net {

inline constexpr std::size_t k_http2_answer_bytes_max = std::size_t{64} << 10;  // what servers say first is below 1 KiB
inline constexpr std::size_t k_grpc_message_bytes_max = 1024;                   // a status is two octets

class Http2Question {
 public:
  struct Call {
    std::string authority;  // host and port
    std::string service;    // empty: the server as a whole
    bool is_tls = false;
  };
  struct Verdict {
    bool has_passed = false;
    std::string text;  // "SERVING", "NOT_SERVING", "status 404"
  };

  // Without a call: a PING.
  explicit Http2Question(std::optional<Call> call);
  ~Http2Question();
  Http2Question(const Http2Question&) = delete;
  Http2Question& operator=(const Http2Question&) = delete;

  // Empty: nothing is to be sent. Valid until the next call.
  [[nodiscard]] std::string_view output();
  void input(std::span<const std::uint8_t> octets);
  // The peer has closed the connection.
  void end();

  [[nodiscard]] const std::optional<Verdict>& verdict() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rollcall::net
