// The service types of one zone: which services are listed at `_services._dns-sd._udp.Z`, for a reader that stops as soon as
// its reply is full.
//
// Shape    a list of chunks, each of 64 places and a word that says which of them are taken:
//
//            chunk   next | taken: bit i = place i | place 0 | place 1 | … | place 63 -> chunk …
//            place   the service's answers, or null
//
//          A service with a ready instance has one place, and keeps it as long as it has one: a snapshot replaces another
//          in it. Every chunk of the list has a taken place, so a walk costs what it visits, however many types there are.
// Cost     a change is O(1) and touches no other service. 8 octets a service.
// Owner    owns its chunks; borrows the answers, which outlive their place (rcu::Entry).
// Threads  `for_each_until` any thread under rcu::ReadLock; `update` the writer thread.
// Order    that of the places, which stays between changes. Who stays during a walk is visited once.
// Source   RFC 6763 §9.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/rcu.h"

namespace rollcall::answer {

class ServiceAnswers;

class ServiceTypes {
  struct Chunk;

 public:
  // Where a service is in the list. Kept with the service, changed by `update` alone.
  class Listing {
   public:
    [[nodiscard]] bool is_listed() const { return chunk_ != nullptr; }

   private:
    friend class ServiceTypes;
    Chunk* chunk_ = nullptr;
    std::uint8_t place_ = 0;
  };

  ServiceTypes() = default;
  ~ServiceTypes();  // no reader is left
  ServiceTypes(const ServiceTypes&) = delete;
  ServiceTypes& operator=(const ServiceTypes&) = delete;

  // The service is listed with these answers, in place of those it may have been listed with; null: no longer listed. What
  // was there before may be retired when this returns.
  void update(Listing& listing, const ServiceAnswers* answers);
  [[nodiscard]] std::size_t size() const { return size_; }  // of the writer thread

  // Every listed service, until the visitor says false.
  template <std::predicate<const ServiceAnswers&> F>
  void for_each_until(F&& visit) const {
    for (const Chunk* chunk = first_.load(std::memory_order_acquire); chunk != nullptr;
         chunk = chunk->next.load(std::memory_order_acquire)) {
      for (std::uint64_t taken = chunk->taken.load(std::memory_order_acquire); taken != 0; taken &= taken - 1) {
        const auto place = static_cast<std::size_t>(std::countr_zero(taken));
        const ServiceAnswers* answers = chunk->places[place].load(std::memory_order_acquire);
        if (answers != nullptr && !visit(*answers)) return;
      }
    }
  }

 private:
  static constexpr std::size_t k_places = 64;
  static constexpr std::uint64_t k_all_taken = ~std::uint64_t{0};

  struct Chunk final : rcu::Entry {
    std::atomic<Chunk*> next{nullptr};
    std::atomic<std::uint64_t> taken{0};
    std::array<std::atomic<const ServiceAnswers*>, k_places> places{};
    Chunk* before = nullptr;     // of the writer thread, as is the next
    std::size_t place_open = 0;  // in `open_`, while a place is free
  };

  void insert(Listing& listing, const ServiceAnswers& answers);
  void remove(Listing& listing);
  Chunk& open_chunk();
  void close(Chunk& chunk);  // no longer among those with a free place

  std::atomic<Chunk*> first_{nullptr};
  Chunk* last_ = nullptr;     // of the writer thread, as are the next
  std::vector<Chunk*> open_;  // chunks with a free place, in no order
  std::size_t size_ = 0;
};

}  // namespace rollcall::answer
