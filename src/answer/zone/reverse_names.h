// Which instances have an address: PTR in reverse zones.
//
// Shape    a table by address, kept only where a reverse zone is served. An address of several instances has several PTR.
// Owner    owns its entries; borrows the instances, which outlive them (registry/ports.h).
// Threads  `find` any thread under rcu::ReadLock; `update` the writer thread.
// Source   RFC 1035 §3.5 (in-addr.arpa), RFC 3596 §2.5 (ip6.arpa).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/rcu.h"
#include "dns/name.h"
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

// Whether the name is at or below in-addr.arpa or ip6.arpa.
[[nodiscard]] bool is_reverse(const dns::Name& name);
// The name an address has there.
[[nodiscard]] dns::Name reverse_name(const IpAddress& address);
// The address a whole reverse name stands for; empty: it is not one, or stands for a prefix.
[[nodiscard]] std::optional<IpAddress> parse_reverse(const dns::QuestionName& name);

}  // namespace rollcall::answer
