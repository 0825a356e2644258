#include "net/http/watch_hub.h"

#include <algorithm>
#include <string_view>

#include "net/http/watcher.h"

namespace rollcall::net {
namespace {

constexpr std::size_t k_round_events = 1'024;  // of the Feed, at a time

}  // namespace

WatchHub::~WatchHub() {
  if (count_ > 0) feed_.leave(*this);
}

WatchHub::Watchers& WatchHub::line_of(const Watcher& watcher) {
  return watcher.what_.service ? of_services_[*watcher.what_.service] : of_everything_;
}

// Only a hub with watchers listens: without any it costs the writer nothing.
void WatchHub::join(Watcher& watcher) {
  line_of(watcher).push_back(&watcher);
  if (count_++ == 0) position_ = feed_.listen(*this);
}

void WatchHub::leave(Watcher& watcher) {
  Watchers& line = line_of(watcher);
  const auto at = std::ranges::find(line, &watcher);
  if (at == line.end()) return;
  *at = line.back();
  line.pop_back();
  if (line.empty() && watcher.what_.service) of_services_.erase(*watcher.what_.service);
  if (--count_ == 0) feed_.leave(*this);
}

WatchHub::Watchers WatchHub::all() const {
  Watchers watchers = of_everything_;
  for (const auto& [service, line] : of_services_) watchers.insert(watchers.end(), line.begin(), line.end());
  return watchers;
}

void WatchHub::close() {
  is_closed_ = true;
  for (Watcher* watcher : all()) watcher->end("the server stops");
}

void WatchHub::has_more() {
  if (is_posted_.exchange(true)) return;
  loop_.post([this] {
    is_posted_.store(false);
    read_on();
  });
}

void WatchHub::read_on() {
  while (count_ > 0) {
    const std::optional<registry::Feed::Events> events = feed_.read(position_ + 1, k_round_events);
    if (!events) {
      cut_off_all();
      return;
    }
    if (events->empty()) return;
    Watchers touched;
    for (const auto& event : *events) offer(*event, touched);
    position_ = events->back()->id;
    for (Watcher* watcher : touched) watcher->send_pending();
  }
}

// The loop was away for so long that the Feed has moved past it.
void WatchHub::cut_off_all() {
  position_ = feed_.last();
  for (Watcher* watcher : all()) watcher->cut_off("the server was too slow to tell everything");
}

void WatchHub::offer(const registry::Event& event, Watchers& touched) {
  std::string text;  // made once for all
  const auto offer_to = [&](const Watchers& line) {
    for (Watcher* watcher : line) {
      if (watcher->what_.takes(event) && watcher->offer(event, text)) touched.push_back(watcher);
    }
  };
  offer_to(of_everything_);
  const auto line = of_services_.find(event.key.service.name);
  if (line != of_services_.end()) offer_to(line->second);
}

}  // namespace rollcall::net
