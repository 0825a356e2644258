// What is different for a node of a cluster: others decide about leases, and tell which services are forgotten.
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/check.h"
#include "base/rcu.h"
#include "registry/registry.h"

namespace rollcall::registry {
namespace {

std::unexpected<Error> ask_the_store() {
  return failure(Errc::put_first, "only the shared store can say whether the lease goes on");
}

}  // namespace

Result<Renewed> Registry::renew_if_decided(const InstanceRef& key, LeaseTime now,
                                           std::optional<CheckedSince> judged) const {
  const rcu::ReadLock lock;
  const Instance* instance = instances_.find(key);
  if (instance != nullptr && judged && instance->checked_since() != *judged) {
    return failure(Errc::unknown_instance, fmt::format("the instance \"{}\" was replaced", key.id));
  }
  // This node may be behind: only the shared store knows who is not there.
  if (instance == nullptr || instance->is_overdue() || instance->lease_kind() == LeaseKind::none)
    return ask_the_store();
  switch (authority_->heartbeat(key)) {
    case LeaseAuthority::Verdict::renewed: break;
    case LeaseAuthority::Verdict::put_first:
    case LeaseAuthority::Verdict::unknown: return ask_the_store();
    case LeaseAuthority::Verdict::refused:
      return failure(Errc::not_in_charge,
                     "this node cannot make a heartbeat count now, the lease is as it was: ask another node");
  }
  while (true) {
    if (!instance->renew(now)) return ask_the_store();  // it has left meanwhile
    // Replaced meanwhile: the newer version may have taken the lease over before it was renewed.
    if (!instance->is_replaced.load(std::memory_order_seq_cst)) return Renewed{instance->lease.expires_at()};
    instance = instances_.find(key);
    if (instance == nullptr) return ask_the_store();
  }
}

void Registry::note_lease(const InstanceRef& key, LeaseTime deadline) const {
  const rcu::ReadLock lock;
  while (true) {
    const Instance* instance = instances_.find(key);
    if (instance == nullptr || !instance->lease.extend(deadline)) return;
    if (!instance->is_replaced.load(std::memory_order_seq_cst)) return;
  }
}

// An index of this node alone is never given out in a cluster: what it does on its own shows at an index it has followed.
ChangeIndex Registry::take_index(ChangeIndex at_least) {
  return authority_ == nullptr ? journal_.take_index() : std::max(followed_, at_least);
}

void Registry::follow_up_to(ChangeIndex index) {
  followed_ = std::max(followed_, index);
  raise_visible_index(followed_);
}

void Registry::follow_service(const ServiceRecord& stored, LeaseTime now) {
  check(authority_ != nullptr, "services are followed in a cluster");
  const rcu::ReadLock lock;
  const Service* known = services_.find(stored.key.ref());
  if (known == nullptr) {
    if (!stored.emptied_at) return;  // its instances come, and it with them
    publish_snapshot(stored.key, std::max(followed_, stored.index), stored.protocols, {}, stored.emptied_at, now);
    return;
  }
  const auto protocols = static_cast<ProtocolSet>(known->protocols | stored.protocols);
  if (protocols == known->protocols) return;
  publish_snapshot(stored.key, std::max(known->index, stored.index), protocols, known->instances, known->emptied_at,
                   now);
}

bool Registry::forget(const ServiceRef& key) {
  check(authority_ != nullptr, "services are forgotten by themselves on a single node");
  const rcu::ReadLock lock;
  const Service* service = services_.find(key);
  if (service == nullptr || !service->instances.empty()) return false;
  withdraw_empty(*service);
  return true;
}

}  // namespace rollcall::registry
