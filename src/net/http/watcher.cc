#include "net/http/watcher.h"

#include <algorithm>
#include <utility>

#include "api/event_text.h"
#include "base/limits.h"

namespace rollcall::net {
namespace {

constexpr std::size_t k_portion_events = 128;  // of the Feed, at a time

}  // namespace

Watcher::Watcher(WatchHub& hub, StreamSink& sink, api::Watch watch)
    : Deadline(hub.loop_),
      hub_(hub),
      sink_(sink),
      what_(std::move(watch.what)),
      is_resuming_(watch.after.has_value()),
      next_(watch.after.value_or(0) + 1) {
  hub_.join(*this);
  hub_.counters_.watching.fetch_add(1, std::memory_order_relaxed);
}

Watcher::~Watcher() {
  hub_.leave(*this);
  hub_.counters_.watching.fetch_sub(1, std::memory_order_relaxed);
}

void Watcher::begin() {
  const registry::EventId last = hub_.feed_.last();
  if (!is_resuming_ || next_ > last + 1) {
    // A number from the future was given out by another database: whatever the client knows may be wrong here.
    if (is_resuming_) add_gap(1, last);
    next_ = last + 1;
  } else {
    is_behind_ = is_replaying_ = true;
  }
  pending_ += api::stream_start(next_ - 1);
  if (hub_.is_closed_) return end("the server stops");
  send_pending();
}

// While it is busy, or behind, the event stays where it is: in the Feed.
bool Watcher::offer(const registry::Event& event, std::string& text) {
  if (is_over_ || is_behind_ || event.id < next_) return false;
  if (sink_.is_busy() || pending_.size() >= limits::k_watch_chunk_bytes) {
    is_behind_ = true;
    next_ = event.id;
    return false;
  }
  if (text.empty()) text = api::stream_event(event, hub_.zones_.name_of(event.key.service.zone));
  const bool is_first = pending_.empty();
  add(event, text);
  return is_first;
}

void Watcher::add(const registry::Event& event, std::string_view text) {
  pending_ += text;
  next_ = event.id + 1;
  hub_.counters_.events_sent.fetch_add(1, std::memory_order_relaxed);
}

void Watcher::send_pending() {
  if (is_over_) return;
  if (!pending_.empty()) sink_.write_stream(std::exchange(pending_, {}));
  expires_after(limits::k_watch_keep_alive);
  if (is_behind_) catch_up();
}

void Watcher::go_on() {
  if (!is_over_ && is_behind_) catch_up();
}

void Watcher::on_deadline() {
  if (is_over_) return;
  if (!sink_.is_busy() && !is_asking_) {
    // Up to date, it has missed nothing of what the hub has offered to others meanwhile.
    const registry::EventId last = is_behind_ ? next_ - 1 : std::max(next_ - 1, hub_.position_);
    sink_.write_stream(api::stream_keep_alive(last));
  }
  expires_after(limits::k_watch_keep_alive);
}

// As long as the client takes what it is given.
void Watcher::catch_up() {
  while (is_behind_ && !is_over_ && !is_asking_ && !sink_.is_busy()) {
    if (!add_from_feed()) return;
    if (!pending_.empty()) sink_.write_stream(std::exchange(pending_, {}));
  }
}

// A portion, as far as the hub has come. False: it has to wait, or is over.
bool Watcher::add_from_feed() {
  while (pending_.size() < limits::k_watch_chunk_bytes) {
    const std::optional<registry::Feed::Events> events = hub_.feed_.read(next_, k_portion_events);
    if (!events) {
      if (is_replaying_) {
        ask_history();
      } else {
        cut_off("too slow");
      }
      return false;
    }
    for (const auto& event : *events) {
      if (event->id > hub_.position_ || pending_.size() >= limits::k_watch_chunk_bytes) break;
      if (what_.takes(*event)) {
        add(*event, api::stream_event(*event, hub_.zones_.name_of(event->key.service.zone)));
      }
      next_ = event->id + 1;
    }
    if (next_ > hub_.position_) {
      is_behind_ = is_replaying_ = false;
      return true;
    }
  }
  return true;
}

void Watcher::ask_history() {
  registry::HistoryQuery query{
      .what = what_, .id = std::nullopt, .after = next_ - 1, .limit = limits::k_watch_page_events};
  auto reply = [&loop = hub_.loop_, weak = weak_from_this()](Result<registry::HistoryPage> page) {
    loop.post([weak, page = std::move(page)]() mutable {
      if (const std::shared_ptr<Watcher> watcher = weak.lock()) watcher->add_page(std::move(page));
    });
  };
  if (!pending_.empty()) sink_.write_stream(std::exchange(pending_, {}));
  is_asking_ = hub_.history_.read(std::move(query), std::move(reply));
  if (!is_asking_) cut_off("too many read the history");
}

void Watcher::add_page(Result<registry::HistoryPage> page) {
  is_asking_ = false;
  if (is_over_) return;
  if (!page) return cut_off("the history cannot be read");
  const registry::EventId asked = next_;
  const registry::EventId first_told = hub_.feed_.first();
  const registry::EventId first = page->first == 0 ? first_told : std::min(page->first, first_told);
  if (first > next_) add_gap(next_, first - 1);
  for (const registry::Event& event : page->events) {
    add(event, api::stream_event(event, hub_.zones_.name_of(event.key.service.zone)));
  }
  // A page that leads no further would be asked for again for ever.
  if (next_ == asked && page->upto < asked) return cut_off("the history cannot be read");
  next_ = std::max(next_, page->upto + 1);
  send_pending();
}

void Watcher::add_gap(registry::EventId from, registry::EventId to) {
  pending_ += api::stream_gap(from, to);
  next_ = to + 1;
  hub_.counters_.watchers_with_gap.fetch_add(1, std::memory_order_relaxed);
}

void Watcher::cut_off(std::string_view why) {
  if (is_over_) return;
  hub_.counters_.watchers_cut_off.fetch_add(1, std::memory_order_relaxed);
  end(why);
}

void Watcher::end(std::string_view why) {
  if (is_over_) return;
  is_over_ = true;
  cancel_deadline();
  pending_ += api::stream_end(why, next_ - 1);
  sink_.write_stream(std::exchange(pending_, {}));
  sink_.end_stream();
}

}  // namespace rollcall::net
