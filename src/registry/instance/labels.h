// The DNS labels in use below each service name: those of its registered instances, and its tags. The two must not
// collide within a service, because both are DNS names: `I.S.Z` and `T.S.Z`.
//
// Shape    two hash tables with open addressing, 16 octets a slot, keyed by service and label under this process's seed:
//          label to instance, and tag to the number of instances that have it. Tags are told apart by their 64-bit hash
//          alone, which nobody outside can aim at.
// Cost     one hash look-up, however large the service: repeated refused registrations cause no scan.
// Owner    the Registry; borrows the instances, which it takes out before they are retired.
// Threads  the writer's.
// Source   interface.md §3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "registry/instance/instance.h"

namespace rollcall::registry {

// What the rules (rules.h) ask: the registry as it is, or as a staged transaction would leave it. Labels in any case.
class LabelUses {
 public:
  virtual ~LabelUses() = default;
  // The id of the instance with this label.
  [[nodiscard]] virtual std::optional<std::string> find_instance(const ServiceRef& service,
                                                                 std::string_view label) const = 0;
  [[nodiscard]] virtual bool has_tag(const ServiceRef& service, std::string_view tag) const = 0;
};

class Labels final : public LabelUses {
 public:
  void add(const Instance& instance);
  void remove(const Instance& instance);

  [[nodiscard]] const Instance* find(const ServiceRef& service, std::string_view label) const;
  // How many instances have the tag.
  [[nodiscard]] std::size_t count_tag(const ServiceRef& service, std::string_view tag) const;

  [[nodiscard]] std::optional<std::string> find_instance(const ServiceRef& service,
                                                         std::string_view label) const override;
  [[nodiscard]] bool has_tag(const ServiceRef& service, std::string_view tag) const override {
    return count_tag(service, tag) > 0;
  }

 private:
  // Linear probing, at most three quarters full; erasing moves later entries back, so there are no tombstones.
  template <class Value>
  class Table {
   public:
    struct Slot {
      std::uint64_t hash = 0;
      Value value{};  // zero or null: the slot is free
    };
    // The first slot of this hash whose value is `wanted`; null: there is none.
    template <class F>
    [[nodiscard]] const Slot* find(std::uint64_t hash, F&& is_wanted) const;
    template <class F>
    [[nodiscard]] Slot* find(std::uint64_t hash, F&& is_wanted);
    void insert(std::uint64_t hash, Value value);
    void erase(const Slot& slot);

   private:
    void grow();
    std::vector<Slot> slots_ = std::vector<Slot>(64);  // a power of two
    std::size_t count_ = 0;
  };

  void add_tag(std::uint64_t hash);
  void remove_tag(std::uint64_t hash);

  Table<const Instance*> instances_;
  Table<std::size_t> tags_;
};

// How a staged transaction changes one service's labels.
class StagedLabels {
 public:
  // Sets the instance as it will be, replacing an earlier `put`. Null `staged`: it is removed. `published`: the
  // registered version.
  void put(std::string_view id, const Registration* staged, const Instance* published);

  // Searches staged instances only; label in any case.
  [[nodiscard]] std::optional<std::string> find_instance(std::string_view label) const;
  [[nodiscard]] bool has_tag(std::string_view tag) const;
  // How many registered instances with the tag are replaced or removed here.
  [[nodiscard]] std::size_t count_overridden(std::string_view tag) const;

 private:
  enum class Use : std::uint8_t { label, tag };
  std::set<std::tuple<std::string, Use, std::string>> uses_;                // the last: the id
  std::map<std::string, std::vector<std::string>, std::less<>> labels_of_;  // by id: what `uses_` has of it
  std::map<std::string, std::size_t, std::less<>> overridden_;              // by tag
};

}  // namespace rollcall::registry
