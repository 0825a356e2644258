// Finds the answers of a service by its name: a hash table whose memory can be prefetched before the look-up.
//
// Shape    open addressing, linear probing, at most half full: {hash, answers} side by side, so that a look-up touches one
//          line of the table and then the answers; both can be fetched while other questions are read (`fetch_place`,
//          `fetch_answers`). At a million names nearly every look-up would wait for memory twice otherwise.
// Growth   the table doubles, by a copy of its slots that does not touch the answers: 16 octets each.
// Owner    the index owns the answers. What is replaced or removed goes back to the caller, who retires it (rcu::Entry).
// Threads  find, fetch: any, under rcu::ReadLock; what they give is valid until it ends. Changes: one thread at a time.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "answer/roster/service_answers.h"
#include "base/rcu.h"
#include "registry/instance/instance.h"

namespace rollcall::answer {

class ServiceIndex {
 public:
  ServiceIndex();
  ~ServiceIndex();  // no reader is left
  ServiceIndex(const ServiceIndex&) = delete;
  ServiceIndex& operator=(const ServiceIndex&) = delete;

  [[nodiscard]] const ServiceAnswers* find(const registry::ServiceRef& service) const noexcept {
    return find(service, registry::hash_of(service));
  }
  [[nodiscard]] const ServiceAnswers* find(const registry::ServiceRef& service, std::uint64_t hash) const noexcept;

  // Prefetch what `find` reads: first the slot, then, when that has had time to arrive, the answers it points to.
  void fetch_place(std::uint64_t hash) const noexcept;
  void fetch_answers(std::uint64_t hash) const noexcept;

  // Visible when this returns, in place of what the service had before, which comes back.
  [[nodiscard]] std::unique_ptr<const ServiceAnswers> publish(std::unique_ptr<ServiceAnswers> answers);
  // It must be in the index.
  [[nodiscard]] std::unique_ptr<const ServiceAnswers> remove(const ServiceAnswers& answers);
  // Makes room for so many at once.
  void reserve(std::size_t services);

  // Every service that stays during the call, in an order that stays between changes, until the visitor says false.
  template <std::predicate<const ServiceAnswers&> F>
  void for_each_until(F&& visit) const {
    for (const Slot& slot : table().slots) {
      const ServiceAnswers* answers = slot.load();
      if (answers != nullptr && answers != k_removed && !visit(*answers)) return;
    }
  }
  template <std::invocable<const ServiceAnswers&> F>
  void for_each(F&& visit) const {
    for_each_until([&](const ServiceAnswers& answers) {
      visit(answers);
      return true;
    });
  }

 private:
  // The hash is stored before the answers, and read after them: a reader that sees the answers sees their hash, or that of
  // a service that has taken the slot since.
  struct Slot {
    std::atomic<std::uint64_t> hash{0};
    std::atomic<const ServiceAnswers*> answers{nullptr};

    [[nodiscard]] const ServiceAnswers* load() const noexcept { return answers.load(std::memory_order_acquire); }
    void store(std::uint64_t its_hash, const ServiceAnswers* its_answers) noexcept {
      hash.store(its_hash, std::memory_order_relaxed);
      answers.store(its_answers, std::memory_order_release);
    }
  };
  struct Table final : rcu::Entry {
    explicit Table(std::size_t size) : slots(size), mask(size - 1) {}
    std::vector<Slot> slots;  // a power of two
    const std::size_t mask;
  };
  static const ServiceAnswers* const k_removed;  // marks the slot of a removed service: probing continues behind it
  static constexpr std::size_t k_slots_initial = 1024;

  [[nodiscard]] const Table& table() const noexcept { return *table_.load(std::memory_order_acquire); }
  [[nodiscard]] Slot* find_slot(const registry::ServiceRef& service, std::uint64_t hash) noexcept;
  void insert(Table& table, std::uint64_t hash, const ServiceAnswers* answers) noexcept;
  void rebuild(std::size_t slots);

  std::atomic<Table*> table_;
  std::size_t count_ = 0;  // services; of the changing thread, as is the next
  std::size_t used_ = 0;   // slots that are not empty
};

}  // namespace rollcall::answer
