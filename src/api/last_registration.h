// The last registration that a connection renewed with a whole body: a client that sends the same octets with every heartbeat
// has them parsed once.
//
// Rule     the result of parsing depends on the octets of the body, on ?zone= and on the bounds of leases, and on nothing
//          else that changes while the server runs. All three are compared.
// Owner    the connection's Caller.
// Threads  the connection's.
// Limits   k_remembered_body_bytes_max; what is longer is read each time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "registry/instance/registration.h"

namespace rollcall::api {

inline constexpr std::size_t k_remembered_body_bytes_max = 1'024;  // a usual registration with its tags and its meta

struct RegistrationText {
  std::string_view body;
  std::optional<registry::ZoneId> zone;  // of the query
  registry::LeaseBounds bounds;
};

class LastRegistration {
 public:
  // The result of parsing this text; null: not known. Valid until the next `keep`.
  [[nodiscard]] const registry::Registration* find(const RegistrationText& text) const {
    const bool is_known = kept_ && kept_->zone == text.zone && kept_->bounds == text.bounds && kept_->body == text.body;
    return is_known ? &kept_->registration : nullptr;
  }

  void keep(const RegistrationText& text, registry::Registration registration) {
    if (text.body.size() > k_remembered_body_bytes_max) return;
    kept_ = std::make_unique<Kept>(std::string(text.body), text.zone, text.bounds, std::move(registration));
  }

 private:
  struct Kept {
    std::string body;
    std::optional<registry::ZoneId> zone;
    registry::LeaseBounds bounds;
    registry::Registration registration;
  };
  std::unique_ptr<const Kept> kept_;  // most connections never send one
};

}  // namespace rollcall::api
