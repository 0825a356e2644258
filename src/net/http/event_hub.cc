#include "net/http/event_hub.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "net/http/event_stream.h"

namespace rollcall::net {
namespace {

constexpr std::size_t k_round_events = 1'024;  // of the Feed, at a time

}  // namespace

EventHub::~EventHub() {
  if (count_ > 0) feed_.leave(*this);
}

EventHub::Streams& EventHub::list_of(const EventStream& stream) {
  return stream.what_.service ? of_services_[*stream.what_.service] : of_everything_;
}

// A hub without streams does not listen, so that it costs the writer nothing.
void EventHub::join(EventStream& stream) {
  list_of(stream).push_back(&stream);
  if (count_++ == 0) position_ = feed_.listen(*this);
}

void EventHub::leave(EventStream& stream) {
  Streams& list = list_of(stream);
  const auto at = std::ranges::find(list, &stream);
  if (at == list.end()) return;
  *at = list.back();
  list.pop_back();
  if (list.empty() && stream.what_.service) of_services_.erase(*stream.what_.service);
  if (--count_ == 0) feed_.leave(*this);
}

EventHub::Streams EventHub::all() const {
  Streams streams = of_everything_;
  for (const auto& [service, list] : of_services_) streams.insert(streams.end(), list.begin(), list.end());
  return streams;
}

void EventHub::close() {
  is_closed_ = true;
  for (EventStream* stream : all()) stream->end("the server stops");
}

void EventHub::has_more() {
  if (is_posted_.exchange(true)) return;
  loop_.post([this] {
    is_posted_.store(false);
    read_on();
  });
}

void EventHub::read_on() {
  while (count_ > 0) {
    const std::optional<registry::Feed::Events> events = feed_.read(position_ + 1, k_round_events);
    if (!events) {
      cut_off_all();
      return;
    }
    if (events->empty()) return;
    Streams touched;
    for (const auto& event : *events) offer(*event, touched);
    check(events->back()->id > position_, "the feed goes on behind what has been offered");
    position_ = events->back()->id;
    for (EventStream* stream : touched) stream->send_pending();
  }
}

// The loop was away for so long that the Feed has moved past it.
void EventHub::cut_off_all() {
  position_ = feed_.last();
  for (EventStream* stream : all()) stream->cut_off("the server was too slow to tell everything");
}

void EventHub::offer(const registry::Event& event, Streams& touched) {
  std::string text;  // made once for all
  const auto offer_to = [&](const Streams& list) {
    for (EventStream* stream : list) {
      if (stream->what_.takes(event) && stream->offer(event, text)) touched.push_back(stream);
    }
  };
  offer_to(of_everything_);
  const auto found = of_services_.find(event.key.service.name);
  if (found != of_services_.end()) offer_to(found->second);
}

}  // namespace rollcall::net
