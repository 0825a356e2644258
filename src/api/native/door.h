// The native API under /v1, and the probes: the default door.
//
// Shape    strict parameters, problem+json errors, bearer tokens.
// Owner    borrows the ServerView.
// Threads  any.
// Source   interface.md §4; docs/http.md.
#pragma once

#include <mutex>
#include <string>

#include "api/door.h"
#include "api/native/server_view.h"
#include "registry/ports/everywhere.h"

namespace rollcall::api::native {

class NativeDoor final : public Door {
 public:
  explicit NativeDoor(const ServerView& server) : server_(server) {}

  [[nodiscard]] std::span<const Route> routes() const override;
  [[nodiscard]] const Manners& manners() const override;
  [[nodiscard]] Response refuse(Refusal refusal, const Request& request) const override;
  [[nodiscard]] Result<void> check_parameter(std::string_view name, std::string_view value,
                                             const registry::ZoneDirectory& zones) const override;

  [[nodiscard]] const ServerView& server() const { return server_; }

  // GET /v1/openapi.json: built at the first call, and kept.
  [[nodiscard]] const std::string& document(registry::EventNumbers numbers) const;

  // Of a node of a cluster; before the first call.
  void set_everywhere(registry::Everywhere& everywhere) { everywhere_ = &everywhere; }
  [[nodiscard]] registry::Everywhere* everywhere() const { return everywhere_; }

 private:
  const ServerView& server_;
  registry::Everywhere* everywhere_ = nullptr;
  mutable std::once_flag is_documented_;
  mutable std::string document_;
};

}  // namespace rollcall::api::native
