// Calls that wait for the roll to change (`?index=&wait=`): an Audience that wakes them.
//
// Shape    a call waits for one topic, at the index it knows, and is woken when that topic is at another index: not by
//          other topics, nor by a reload, which shows the same index again. It is woken once. Services come from the roll
//          itself; what has an index of its own (catalog_index.h) says when it moves: `move`.
// Order    the roll shows a change before the Audience hears of it. A call that takes its seat first, and reads the roll
//          after that, misses no change.
// Threads  any; `publish`, `withdraw` and `move` the writer's, which calls `wake`: it must only hand over.
// Limits   k_waiters_max seats.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/awaited.h"
#include "base/guarded.h"
#include "registry/ports/ports.h"
#include "registry/registry.h"

namespace rollcall::registry {

using rollcall::Awaited;
using rollcall::Seat;

// What can be waited for.
struct TopicRef {
  enum class Kind : std::uint8_t {
    service,     // one service, by its name
    names,       // of a zone: its services, their tags, which instances there are. Not checks, nor addresses
    everything,  // of a zone
    node,        // the instances on one host, by the host's name
  };
  Kind kind;
  ZoneId zone;
  std::string_view name = {};
  friend bool operator==(const TopicRef&, const TopicRef&) = default;
};
[[nodiscard]] inline TopicRef topic_of(const ServiceRef& service) {
  return {TopicRef::Kind::service, service.zone, service.name};
}

class Waiters final : public Audience {
 public:
  using Wake = Awaited::Wake;

  // `wake` is called at most once, when the topic is at another index than `known` (0: there is none). Null: all seats are
  // taken. The Waiters outlive the seat.
  [[nodiscard]] std::unique_ptr<Seat> take_seat(const TopicRef& topic, ChangeIndex known, Wake wake);

  // The topic is at this index now: wakes all but those who know it.
  void move(const TopicRef& topic, ChangeIndex index);

  [[nodiscard]] std::size_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

  void publish(const Service& service) override { move(topic_of(service.key()), service.index); }
  void withdraw(const ServiceRef& service) override { move(topic_of(service), 0); }

 private:
  struct Topic {
    TopicRef::Kind kind;
    ZoneId zone;
    std::string name;
    [[nodiscard]] TopicRef ref() const { return {kind, zone, name}; }
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const TopicRef& topic) const noexcept;
    std::size_t operator()(const Topic& topic) const noexcept { return (*this)(topic.ref()); }
  };
  struct Equal {
    using is_transparent = void;
    static TopicRef ref(const TopicRef& topic) { return topic; }
    static TopicRef ref(const Topic& topic) { return topic.ref(); }
    bool operator()(const auto& a, const auto& b) const noexcept { return ref(a) == ref(b); }
  };
  class Waiter;
  using Line = std::vector<Waiter*>;
  using Lines = std::unordered_map<Topic, Line, Hash, Equal>;  // no line is empty

  void leave(Waiter& waiter);

  Guarded<Lines> lines_;
  std::atomic<std::size_t> count_{0};  // of all lines
};

// A service that is at another index than `known` on the roll; 0: it is not there.
[[nodiscard]] std::unique_ptr<Awaited> await_service(Waiters& waiters, const Registry& registry, ServiceKey service,
                                                     ChangeIndex known);

}  // namespace rollcall::registry
