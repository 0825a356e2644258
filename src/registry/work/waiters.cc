#include "registry/work/waiters.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/rcu.h"

namespace rollcall::registry {

// In the line of its topic until it is woken or leaves. Its members are read and written under the lock of the lines.
class Waiters::Waiter final : public Seat {
 public:
  Waiter(Waiters& all, ChangeIndex known_index, Wake to_call)
      : known(known_index), wake(std::move(to_call)), all_(all) {}
  ~Waiter() override { all_.leave(*this); }

  const ChangeIndex known;
  Wake wake;
  Lines::value_type* line = nullptr;  // null: it stands in none
  std::size_t place = 0;              // in it

 private:
  Waiters& all_;
};

std::size_t Waiters::Hash::operator()(const TopicRef& topic) const noexcept {
  return hash_of(ServiceRef{topic.zone, topic.name}) + static_cast<std::size_t>(topic.kind);
}

std::unique_ptr<Seat> Waiters::take_seat(const TopicRef& topic, ChangeIndex known, Wake wake) {
  auto waiter = std::make_unique<Waiter>(*this, known, std::move(wake));
  const bool is_seated = lines_.with([&](Lines& lines) {
    if (count() >= limits::k_waiters_max) return false;
    auto line = lines.find(topic);
    if (line == lines.end()) line = lines.try_emplace({topic.kind, topic.zone, std::string(topic.name)}).first;
    waiter->line = &*line;
    waiter->place = line->second.size();
    line->second.push_back(waiter.get());
    count_.fetch_add(1, std::memory_order_relaxed);
    return true;
  });
  return is_seated ? std::move(waiter) : nullptr;
}

// The last of the line takes its place.
void Waiters::leave(Waiter& waiter) {
  lines_.with([&](Lines& lines) {
    if (waiter.line == nullptr) return;
    Line& line = waiter.line->second;
    check(line.at(waiter.place) == &waiter, "a waiter knows its place");
    line.back()->place = waiter.place;
    line[waiter.place] = line.back();
    line.pop_back();
    if (line.empty()) lines.erase(lines.find(waiter.line->first.ref()));
    waiter.line = nullptr;
    count_.fetch_sub(1, std::memory_order_relaxed);
  });
}

// Those who know this index already stay.
void Waiters::move(const TopicRef& topic, ChangeIndex index) {
  std::vector<Wake> woken;
  lines_.with([&](Lines& lines) {
    const auto found = lines.find(topic);
    if (found == lines.end()) return;
    Line& line = found->second;
    std::size_t staying = 0;
    for (Waiter* const waiter : line) {
      if (waiter->known == index) {
        waiter->place = staying;
        line[staying++] = waiter;
        continue;
      }
      woken.push_back(std::move(waiter->wake));
      waiter->line = nullptr;
    }
    line.resize(staying);
    if (line.empty()) lines.erase(found);
    count_.fetch_sub(woken.size(), std::memory_order_relaxed);
  });
  for (Wake& wake : woken) wake();
}

namespace {

class AwaitedService final : public Awaited {
 public:
  AwaitedService(Waiters& waiters, const Registry& registry, ServiceKey service, ChangeIndex known)
      : waiters_(waiters), registry_(registry), service_(std::move(service)), known_(known) {}

  std::unique_ptr<Seat> take_seat(Wake wake) override {
    return waiters_.take_seat(topic_of(service_.ref()), known_, std::move(wake));
  }
  bool is_over() const override {
    const rcu::ReadLock lock;
    const Service* service = registry_.find_service(service_.ref());
    return (service == nullptr ? 0 : service->index) != known_;
  }

 private:
  Waiters& waiters_;
  const Registry& registry_;
  const ServiceKey service_;
  const ChangeIndex known_;
};

}  // namespace

std::unique_ptr<Awaited> await_service(Waiters& waiters, const Registry& registry, ServiceKey service,
                                       ChangeIndex known) {
  return std::make_unique<AwaitedService>(waiters, registry, std::move(service), known);
}

}  // namespace rollcall::registry
