#include "registry/work/waiters.h"

#include "base/limits.h"

namespace rollcall::registry {

std::optional<Waiters::Seat> Waiters::take_seat(const ServiceKey& service, ChangeIndex known, Wake wake) {
  return room_.with([&](Room& room) -> std::optional<Seat> {
    if (count() >= limits::k_waiters_max) return std::nullopt;
    const std::uint64_t number = ++room.last_number;
    room.lines[service].emplace(number, Waiter{known, std::move(wake)});
    count_.fetch_add(1, std::memory_order_relaxed);
    return Seat(*this, service, number);
  });
}

void Waiters::leave(const ServiceKey& service, std::uint64_t number) {
  Wake ended;  // what it holds is let go outside the lock
  room_.with([&](Room& room) {
    const auto line = room.lines.find(service.ref());
    if (line == room.lines.end()) return;
    const auto waiter = line->second.find(number);
    if (waiter == line->second.end()) return;
    ended = std::move(waiter->second.wake);
    line->second.erase(waiter);
    if (line->second.empty()) room.lines.erase(line);
    count_.fetch_sub(1, std::memory_order_relaxed);
  });
}

void Waiters::publish(const Service& service) { wake_all_but(service.service.ref(), service.index); }

void Waiters::withdraw(const ServiceRef& service) { wake_all_but(service, 0); }

// Those who know this index already stay.
void Waiters::wake_all_but(const ServiceRef& service, ChangeIndex index) {
  std::vector<Wake> woken;
  room_.with([&](Room& room) {
    const auto line = room.lines.find(service);
    if (line == room.lines.end()) return;
    for (auto waiter = line->second.begin(); waiter != line->second.end();) {
      if (waiter->second.known == index) {
        ++waiter;
        continue;
      }
      woken.push_back(std::move(waiter->second.wake));
      waiter = line->second.erase(waiter);
    }
    if (line->second.empty()) room.lines.erase(line);
    count_.fetch_sub(woken.size(), std::memory_order_relaxed);
  });
  for (Wake& wake : woken) wake();
}

}  // namespace rollcall::registry
