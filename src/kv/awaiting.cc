#include "kv/awaiting.h"

#include <optional>
#include <utility>

namespace rollcall::kv {
namespace {

class Taken final : public Seat {
 public:
  explicit Taken(KeyValues::Seat seat) : seat_(std::move(seat)) {}

 private:
  KeyValues::Seat seat_;
};

class AwaitedTopic final : public Awaited {
 public:
  AwaitedTopic(const KeyValues& keys, Topic topic, Index known)
      : keys_(keys), topic_(std::move(topic)), known_(known) {}

  std::unique_ptr<Seat> take_seat(Wake wake) override {
    std::optional<KeyValues::Seat> seat = keys_.take_seat(topic_, std::move(wake));
    return seat ? std::make_unique<Taken>(std::move(*seat)) : nullptr;
  }
  bool is_over() const override {
    return keys_.read([this](const View& view) { return view.look(topic_, known_).is_over; });
  }

 private:
  const KeyValues& keys_;
  const Topic topic_;
  const Index known_;
};

}  // namespace

std::unique_ptr<Awaited> await(const KeyValues& keys, Topic topic, Index known) {
  return std::make_unique<AwaitedTopic>(keys, std::move(topic), known);
}

}  // namespace rollcall::kv
