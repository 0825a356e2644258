#include "registry/events/feed.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace rollcall::registry {
namespace {

std::size_t bytes_of(const Event& event) {
  return sizeof(Event) + event.key.service.name.size() + event.key.id.size() + event.by.size() + event.detail.size() +
         event.before.size();
}

}  // namespace

void Feed::begin_after(EventId last, EventNumbers numbers) {
  numbers_.store(numbers, std::memory_order_relaxed);
  run_.with([&](Run& run) {
    check(run.events.empty(), "events are numbered on from those before them");
    run.dropped = run.last = last;
  });
}

void Feed::tell(std::vector<std::shared_ptr<const Event>> events) {
  std::vector<std::shared_ptr<const Event>> forgotten;  // freed outside the lock
  run_.with([&](Run& run) {
    for (std::shared_ptr<const Event>& event : events) {
      told_[static_cast<std::size_t>(event->kind)].fetch_add(1, std::memory_order_relaxed);
      check(event->id > run.last, "events are told in the order of their numbers");
      const bool is_missing_some = numbers() == EventNumbers::plain && event->id != run.last + 1;
      if (is_missing_some) {  // numbers that were never told: nothing before them can be read on from
        std::ranges::move(run.events, std::back_inserter(forgotten));
        run.events.clear();
        run.bytes = 0;
        run.dropped = event->id - 1;
      }
      run.last = event->id;
      run.bytes += bytes_of(*event);
      run.events.push_back(std::move(event));
    }
    while (run.events.size() > events_max_ || run.bytes > bytes_max_) {
      run.bytes -= bytes_of(*run.events.front());
      run.dropped = run.events.front()->id;
      forgotten.push_back(std::move(run.events.front()));
      run.events.pop_front();
    }
    for (Listener* listener : run.listeners) listener->has_more();
  });
}

EventId Feed::listen(Listener& listener) {
  return run_.with([&](Run& run) {
    run.listeners.push_back(&listener);
    return run.last;
  });
}

void Feed::leave(Listener& listener) {
  run_.with([&](Run& run) { std::erase(run.listeners, &listener); });
}

EventId Feed::last() const {
  return run_.with([](const Run& run) { return run.last; });
}

EventId Feed::first() const {
  return run_.with([](const Run& run) { return run.dropped + 1; });
}

std::optional<Feed::Events> Feed::read(EventId from, std::size_t count) const {
  return run_.with([&](const Run& run) -> std::optional<Events> {
    if (from <= run.dropped) return std::nullopt;
    const auto begin = std::ranges::lower_bound(run.events, from, {}, [](const auto& event) { return event->id; });
    const auto left = static_cast<std::size_t>(run.events.end() - begin);
    return Events(begin, begin + static_cast<std::ptrdiff_t>(std::min(count, left)));
  });
}

}  // namespace rollcall::registry
