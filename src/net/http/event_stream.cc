#include "net/http/event_stream.h"

#include <algorithm>
#include <utility>

#include "api/event_text.h"
#include "base/check.h"
#include "base/limits.h"
#include "net/http/response_head.h"

namespace rollcall::net {
namespace {

constexpr std::size_t k_portion_events = 128;  // read from the Feed at a time

}  // namespace

EventStream::EventStream(EventHub& hub, Output& output, api::Watch watch, unsigned version)
    : Deadline(hub.loop_),
      hub_(hub),
      output_(output),
      what_(std::move(watch.what)),
      version_(version),
      is_resuming_(watch.after.has_value()),
      next_(watch.after.value_or(0) + 1) {
  hub_.join(*this);
  hub_.counters_.watching.fetch_add(1, std::memory_order_relaxed);
}

EventStream::~EventStream() {
  hub_.leave(*this);
  hub_.counters_.watching.fetch_sub(1, std::memory_order_relaxed);
}

registry::EventNumbers EventStream::numbers() const { return hub_.feed_.numbers(); }

void EventStream::begin() {
  const registry::EventId last = hub_.feed_.last();
  const bool is_ahead = next_ > last + 1;
  if (!is_resuming_ || (is_ahead && numbers() == registry::EventNumbers::plain)) {
    // A number from the future was given out by another database: what the client knows may be wrong here.
    if (is_resuming_) add_gap(1, last);
    next_ = last + 1;
  } else if (!is_ahead) {  // else another node has told it what this one does not know yet, and it waits

    state_ = State::replaying;
  }
  pending_ += api::stream_start(next_ - 1, numbers());
  if (hub_.is_closed_) return end("the server stops");
  send_pending();
}

// While the client has not read what was sent, the event is not copied for it: it stays in the Feed, and is read from
// there later.
bool EventStream::offer(const registry::Event& event, std::string& text) {
  if (state_ != State::up_to_date || event.id < next_) return false;
  if (output_.is_busy() || pending_.size() >= limits::k_watch_chunk_bytes) {
    state_ = State::behind;
    next_ = event.id;
    return false;
  }
  if (text.empty()) text = api::stream_event(event, hub_.zones_.name_of(event.key.service.zone), numbers());
  const bool is_first = pending_.empty();
  add(event, text);
  return is_first;
}

void EventStream::add(const registry::Event& event, std::string_view text) {
  check(event.id >= next_, "events are told once, in their order");
  pending_ += text;
  next_ = event.id + 1;
  hub_.counters_.events_sent.fetch_add(1, std::memory_order_relaxed);
}

void EventStream::write(std::string_view text) {
  check(state_ != State::over && !text.empty(), "an empty chunk would end the stream");
  write_chunk(output_.stream_tail(), text, version_);
  output_.send_stream();
}

void EventStream::write_pending() {
  if (!pending_.empty()) write(std::exchange(pending_, {}));
}

void EventStream::send_pending() {
  if (state_ == State::over) return;
  write_pending();
  expires_after(limits::k_watch_keep_alive);
  catch_up();
}

void EventStream::go_on() { catch_up(); }

void EventStream::on_deadline() {
  if (state_ == State::over) return;
  if (!output_.is_busy() && state_ != State::awaits_history) {
    // Up to date, it has missed nothing of what the hub has offered to others meanwhile.
    const bool is_up_to_date = state_ == State::up_to_date;
    write(api::stream_keep_alive(is_up_to_date ? std::max(next_ - 1, hub_.position_) : next_ - 1, numbers()));
  }
  expires_after(limits::k_watch_keep_alive);
}

// As long as the client reads what it is sent.
void EventStream::catch_up() {
  while (is_catching_up() && !output_.is_busy()) {
    if (!add_from_feed()) return;
    write_pending();
  }
}

// A portion, as far as the hub has come. False: the stream has to wait for the history, or is over.
bool EventStream::add_from_feed() {
  while (pending_.size() < limits::k_watch_chunk_bytes) {
    const std::optional<registry::Feed::Events> events = hub_.feed_.read(next_, k_portion_events);
    if (!events) {
      if (state_ == State::replaying) {
        ask_history();
      } else {
        cut_off("too slow");
      }
      return false;
    }
    for (const auto& event : *events) {
      if (event->id > hub_.position_ || pending_.size() >= limits::k_watch_chunk_bytes) break;
      if (what_.takes(*event)) {
        add(*event, api::stream_event(*event, hub_.zones_.name_of(event->key.service.zone), numbers()));
      }
      next_ = event->id + 1;
    }
    if (next_ > hub_.position_) {
      state_ = State::up_to_date;
      return true;
    }
  }
  return true;
}

void EventStream::ask_history() {
  registry::HistoryQuery query{
      .what = what_, .id = std::nullopt, .after = next_ - 1, .limit = limits::k_watch_page_events};
  auto reply = [&loop = hub_.loop_, weak = weak_from_this()](Result<registry::HistoryPage> page) {
    loop.post([weak, page = std::move(page)]() mutable {
      if (const std::shared_ptr<EventStream> stream = weak.lock()) stream->add_page(std::move(page));
    });
  };
  write_pending();
  if (!hub_.history_.read(std::move(query), std::move(reply))) return cut_off("too many read the history");
  if (state_ == State::replaying) state_ = State::awaits_history;
}

void EventStream::add_page(Result<registry::HistoryPage> page) {
  if (state_ == State::over) return;
  check(state_ == State::awaits_history, "a page comes to a stream that has asked for it");
  state_ = State::replaying;
  if (!page) return cut_off("the history cannot be read");
  const registry::EventId asked = next_;
  const registry::EventId first_told = hub_.feed_.first();
  // Where numbers have gaps, nothing is missing behind the oldest that is stored.
  const registry::EventId stored = numbers() == registry::EventNumbers::plain ? page->first : page->oldest;
  const registry::EventId first = stored == 0 ? first_told : std::min(stored, first_told);
  if (first > next_) add_gap(next_, first - 1);
  for (const registry::Event& event : page->events) {
    add(event, api::stream_event(event, hub_.zones_.name_of(event.key.service.zone), numbers()));
  }
  // A page that leads no further would be asked for again for ever.
  const bool leads_no_further = next_ == asked && page->upto < asked;
  if (leads_no_further && numbers() == registry::EventNumbers::pairs) {
    next_ = std::max(next_, first_told);  // nothing has these numbers
  } else if (leads_no_further) {
    return cut_off("the history cannot be read");
  }
  next_ = std::max(next_, page->upto + 1);
  send_pending();
}

void EventStream::add_gap(registry::EventId from, registry::EventId to) {
  pending_ += api::stream_gap(from, to, numbers());
  next_ = to + 1;
  hub_.counters_.watchers_with_gap.fetch_add(1, std::memory_order_relaxed);
}

void EventStream::cut_off(std::string_view why) {
  if (state_ == State::over) return;
  hub_.counters_.watchers_cut_off.fetch_add(1, std::memory_order_relaxed);
  end(why);
}

void EventStream::end(std::string_view why) {
  if (state_ == State::over) return;
  cancel_deadline();
  pending_ += api::stream_end(why, next_ - 1, numbers());
  write_chunk(output_.stream_tail(), std::exchange(pending_, {}), version_);
  if (version_ >= 11) write_chunk(output_.stream_tail(), {}, version_);
  state_ = State::over;
  output_.end_stream();
}

}  // namespace rollcall::net
