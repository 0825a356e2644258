// Which instances have an address: PTR in reverse zones.
//
// Shape    a table by address, kept only where a reverse zone is served. An address of several instances has several PTR.
// Owner    owns its entries; borrows the instances, which outlive them (registry/ports.h).
// Threads  `find` any thread under rcu::ReadLock; `update` the writer thread.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/rcu.h"
#include "registry/instance.h"

namespace rollcall::answer {

class ReverseName final : public rcu::Entry {
 public:
  ReverseName(IpAddress its_address, std::vector<const registry::Instance*> its_instances)
      : address(its_address), instances(std::move(its_instances)) {}

  IpAddress address;
  std::vector<const registry::Instance*> instances;

  using Key = IpAddress;
  [[nodiscard]] Key key() const { return address; }
  [[nodiscard]] bool has_key(const Key& other) const { return address == other; }
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept;
};

class ReverseNames {
 public:
  // A service's instances as they were and as they are now.
  void update(std::span<const registry::Instance* const> before, std::span<const registry::Instance* const> now);
  [[nodiscard]] const ReverseName* find(const IpAddress& address) const noexcept { return names_.find(address); }

 private:
  void remove(const registry::Instance& instance, const IpAddress& address);
  void add(const registry::Instance& instance, const IpAddress& address);
  void replace(const IpAddress& address, std::vector<const registry::Instance*> instances);

  rcu::Table<ReverseName> names_;
};

}  // namespace rollcall::answer
