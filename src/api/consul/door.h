// The door for clients of Consul: its HTTP API under /v1, as they expect it.
//
// Shape    tolerant parameters; errors are one bare sentence as text/plain; a slash at the end does not count. Each part of the
//          API has its own table, joined in routes.h.
// Token    the first that is not empty of `?token=`, X-Consul-Token, Bearer, and the password of Basic authentication.
//          While no credentials are configured, all are ignored.
// Owner    borrows what is in its Parts.
// Threads  any.
// Source   docs/consul.md.
#pragma once

#include "api/consul/agent/outputs.h"
#include "api/consul/bodies.h"
#include "api/door.h"
#include "consul/agent_ids.h"
#include "consul/identity.h"
#include "kv/key_values.h"
#include "registry/work/catalog_index.h"
#include "registry/work/check_beats.h"

namespace rollcall::api::consul {

// What the door knows besides the roll. Pointers that are null: that part is not there.
struct Parts {
  const rollcall::consul::Identity& identity;
  const rollcall::consul::AgentIds& ids;
  const registry::CatalogIndex& catalog;  // of lists, and what waits for them
  registry::CheckBeats& beats;            // of TTL checks that are no lease
  kv::KeyValues* store = nullptr;         // prepared queries, and with `has_keys` keys and sessions; null: in tests
  bool has_keys = true;                   // [consul] kv
  std::string_view why_no_keys = {};      // a constant: why there is no store, or no keys
};

class ConsulDoor final : public Door {
 public:
  explicit ConsulDoor(Parts parts) : parts_(parts) {}

  [[nodiscard]] std::span<const Route> routes() const override;
  [[nodiscard]] const Manners& manners() const override;
  [[nodiscard]] Response refuse(Refusal refusal, const Request& request) const override;
  [[nodiscard]] Credentials credentials_of(const Request& request, const Query& query) const override;

  [[nodiscard]] const Parts& parts() const { return parts_; }
  [[nodiscard]] Outputs& outputs() const { return outputs_; }
  [[nodiscard]] Bodies& bodies() const { return bodies_; }

 private:
  Parts parts_;
  mutable Outputs outputs_;  // behind its own lock
  mutable Bodies bodies_;    // behind its own lock
};

// Of a call of this door.
[[nodiscard]] inline const Parts& parts_of(const Call& call) {
  return static_cast<const ConsulDoor&>(call.door).parts();
}

[[nodiscard]] inline Bodies& bodies_of(const Call& call) { return static_cast<const ConsulDoor&>(call.door).bodies(); }

[[nodiscard]] inline Outputs& outputs_of(const Call& call) {
  return static_cast<const ConsulDoor&>(call.door).outputs();
}

}  // namespace rollcall::api::consul
