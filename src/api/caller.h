// Who is at the other end of a connection, and what a request of theirs may do.
//
// Shape    one Caller for each connection. It remembers the last credentials and their Standing, so that a client that
//          sends the same token with each heartbeat is looked up once, and the last registration (last_registration.h).
// Owner    the connection. A Standing borrows from the Caller until its next `identify`.
// Threads  the connection's.
// Failure  Errc::unauthenticated: credentials are missing or unknown. The sentence never repeats them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/access.h"
#include "api/last_registration.h"
#include "base/ip_address.h"
#include "base/result.h"

namespace rollcall::api {

// Who asks. A value: it may outlive the request.
struct Principal {
  enum class Kind : std::uint8_t { address, token, certificate };
  Kind kind = Kind::address;
  std::string_view name;  // of the token or the certificate, borrowed; empty for an address
  IpAddress address;

  // `token deploy`, `certificate db-1.example.net`, `192.0.2.1`. A certificate may say anything: escape it in a log.
  [[nodiscard]] std::string text() const;
};

// Who a request comes from, and what that principal may do.
struct Standing {
  Principal principal;
  const Grant* grant = nullptr;
};

// What a client certificate that has been verified says.
struct CertificateIdentity {
  std::vector<std::string> names;  // none: it showed no certificate
  // It counts no longer from then on, also on a connection that was opened before.
  std::chrono::system_clock::time_point ends_at = std::chrono::system_clock::time_point::max();
};

// What a request shows, in one of the places where a door looks for it.
struct Credentials {
  std::string_view text;                                          // as sent; empty: nothing was shown
  Result<std::string_view> (*read_token)(std::string_view text);  // Errc::unauthenticated: there is no token in it
};

// `Bearer` and a token, as the Authorization field has them (RFC 6750 §2.1).
[[nodiscard]] Result<std::string_view> read_bearer(std::string_view authorization);

class Caller {
 public:
  explicit Caller(const IpAddress& address, CertificateIdentity certificate = {})
      : address_(address), certificate_(std::move(certificate)) {}

  // Credentials that are shown count, also when they are wrong and a certificate would do.
  [[nodiscard]] Result<Standing> identify(const Access& access, const Credentials& shown);

  [[nodiscard]] LastRegistration& last_registration() { return last_registration_; }

 private:
  [[nodiscard]] Standing standing_by_address() const;
  [[nodiscard]] bool has_expired() const;
  [[nodiscard]] Result<Standing> look_up(const Credentials& shown) const;

  IpAddress address_;
  CertificateIdentity certificate_;
  Access::Shared rules_;          // those of generation_
  std::uint64_t generation_ = 0;  // 0: none seen yet
  bool is_known_ = false;         // whether known_ is the Standing of shown_, read by read_token_
  std::string shown_;
  Result<std::string_view> (*read_token_)(std::string_view) = nullptr;
  Standing known_;
  LastRegistration last_registration_;
};

}  // namespace rollcall::api
