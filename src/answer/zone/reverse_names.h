// Which instances have an address: PTR in reverse zones.
//
// Shape    a table by address, kept only where a reverse zone is served. An address has the list of its instances, in the
//          order in which they came; each has the RDATA of its PTR, and is found by it:
//
//            ReverseName    address | first | last
//            ReverseTarget  next | before | its ReverseName | instance | size | RDATA: label, service, apex
//
// Cost     an instance comes to an address, or leaves it, in O(1), however many others have it.
// Owner    owns its entries; borrows the instances, which outlive them (registry/ports/ports.h).
// Threads  `find`, and what it gives, any thread under rcu::ReadLock; `update` the writer thread.
// Source   RFC 1035 §3.5, RFC 3596 §2.5.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/rcu.h"
#include "dns/name.h"
#include "registry/instance/instance.h"

namespace rollcall::answer {

class ReverseTarget;

// An instance, and the label of its name.
struct NamedInstance {
  const registry::Instance* instance = nullptr;
  std::string_view label;
  friend auto operator<=>(const NamedInstance&, const NamedInstance&) = default;
};

class ReverseName final : public rcu::Entry {
 public:
  explicit ReverseName(IpAddress its_address) : address(its_address) {}

  const IpAddress address;

  // Every target that stays during the call, in the order in which they came, until the visitor says false.
  template <std::predicate<const ReverseTarget&> F>
  void for_each_until(F&& visit) const;
  // It allocates.
  [[nodiscard]] std::vector<const registry::Instance*> instances() const;

  using Key = IpAddress;
  [[nodiscard]] Key key() const { return address; }
  [[nodiscard]] bool has_key(const Key& other) const { return address == other; }
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept;

 private:
  friend class ReverseNames;
  std::atomic<ReverseTarget*> first_{nullptr};
  ReverseTarget* last_ = nullptr;  // of the writer thread
};

// One PTR, in one block of memory: its RDATA stands behind the fields.
class ReverseTarget final : public rcu::Entry {
 public:
  [[nodiscard]] static std::unique_ptr<ReverseTarget> make(ReverseName& name, const registry::Instance& instance,
                                                           Bytes rdata);
  static void operator delete(void* block) { ::operator delete(block); }

  // Uncompressed: `label.service.apex`.
  [[nodiscard]] Bytes rdata() const {
    return {reinterpret_cast<const std::uint8_t*>(this) + sizeof(ReverseTarget), size_};
  }
  [[nodiscard]] const registry::Instance& instance() const { return *instance_.load(std::memory_order_acquire); }

  struct Key {
    IpAddress address;
    Bytes rdata;
  };
  [[nodiscard]] Key key() const { return {name_.address, rdata()}; }
  [[nodiscard]] bool has_key(const Key& other) const;
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept;

 private:
  friend class ReverseName;
  friend class ReverseNames;
  struct Room {  // of the RDATA
    std::size_t octets;
  };
  static void* operator new(std::size_t fixed, Room room) { return ::operator new(fixed + room.octets); }
  static void operator delete(void* block, Room) { ::operator delete(block); }
  ReverseTarget(ReverseName& name, const registry::Instance& instance, Bytes rdata);

  std::atomic<ReverseTarget*> next_{nullptr};
  ReverseTarget* before_ = nullptr;  // of the writer thread
  ReverseName& name_;
  std::atomic<const registry::Instance*> instance_;  // its newest version
  const std::uint8_t size_;
};

template <std::predicate<const ReverseTarget&> F>
void ReverseName::for_each_until(F&& visit) const {
  for (const ReverseTarget* target = first_.load(std::memory_order_acquire); target != nullptr;
       target = target->next_.load(std::memory_order_acquire)) {
    if (!visit(*target)) return;
  }
}

class ReverseNames {
 public:
  using Instances = std::span<const NamedInstance>;

  // The instances of a service with this name as they were and as they are now, each time in the order of their labels.
  void update(const dns::Name& service_name, Instances before, Instances now);
  [[nodiscard]] const ReverseName* find(const IpAddress& address) const noexcept { return names_.find(address); }

 private:
  // Room for a PTR's RDATA while it is looked for.
  class Target;
  void add(const registry::Instance& instance, const IpAddress& address, Bytes rdata);
  void remove(const registry::Instance& instance, const IpAddress& address, Bytes rdata);

  rcu::Table<ReverseName> names_;
  rcu::Table<ReverseTarget> targets_;
};

}  // namespace rollcall::answer
