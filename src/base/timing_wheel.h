// A hierarchical timing wheel: timers of millisecond ticks whose cost, to set, move, cancel and find, does not grow
// with their number.
//
// Shape    seven levels of 64 slots; level L holds what is due within 64^(L+1) ticks. A slot is an intrusive list,
//          and a 64-bit map per level says which slots hold something, so that finding the next due tick reads seven
//          words.
// Owner    whoever derives from Timer; a timer unlinks itself when it dies. The wheel allocates nothing.
// Threads  one.
// Time     an argument: ticks since any epoch, at the caller's scale.
// Source   Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987, scheme 7.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/check.h"

namespace rollcall {

using Tick = std::uint64_t;

class TimingWheel {
 public:
  class Timer {
   public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { unlink(); }

    [[nodiscard]] bool is_set() const { return previous_ != nullptr; }
    [[nodiscard]] Tick due() const { return due_; }

   private:
    friend class TimingWheel;
    void unlink() {
      if (previous_ == nullptr) return;
      previous_->next_ = next_;
      next_->previous_ = previous_;
      previous_ = next_ = nullptr;
    }

    Timer* previous_ = nullptr;
    Timer* next_ = nullptr;
    Tick due_ = 0;
  };

  explicit TimingWheel(Tick now = 0) : now_(now) {
    for (auto& level : slots_) {
      for (Timer& slot : level) slot.previous_ = slot.next_ = &slot;
    }
  }
  // Timers still set are left unlinked.
  ~TimingWheel() {
    for (auto& level : slots_) {
      for (Timer& slot : level) {
        while (slot.next_ != &slot) slot.next_->unlink();
        slot.previous_ = slot.next_ = nullptr;
      }
    }
  }
  TimingWheel(const TimingWheel&) = delete;
  TimingWheel& operator=(const TimingWheel&) = delete;

  [[nodiscard]] Tick now() const { return now_; }

  // Sets the timer, or moves it. A due tick that has passed comes with the next `advance`, at the tick after `now`.
  void set(Timer& timer, Tick due) {
    timer.unlink();
    timer.due_ = due;
    link(timer, due <= now_ ? now_ + 1 : due);
  }

  void cancel(Timer& timer) { timer.unlink(); }

  // A lower bound of the earliest due tick, exact when that is before the next multiple of 64: the tick to wake up at;
  // seven wakes at most lead to a due tick. Empty: none is set. Clears, on the way, the marks of slots that cancelled
  // timers have left empty.
  [[nodiscard]] std::optional<Tick> next_wake() {
    std::optional<Tick> earliest;
    for (std::size_t level = 0; level < k_levels; ++level) {
      while (marks_[level] != 0) {
        const Tick here = now_ >> (k_slot_bits * level);
        const unsigned slot = static_cast<unsigned>(here & k_slot_mask);
        // Rotated so that the slot after the current one is bit 0: the first set bit is the next slot to come.
        const std::uint64_t ahead = std::rotr(marks_[level], static_cast<int>((slot + 1) & k_slot_mask));
        const unsigned steps = static_cast<unsigned>(std::countr_zero(ahead)) + 1;
        const std::size_t index = (slot + steps) & k_slot_mask;
        if (slots_[level][index].next_ == &slots_[level][index]) {
          marks_[level] &= ~(std::uint64_t{1} << index);
          continue;
        }
        const Tick at = (here + steps) << (k_slot_bits * level);
        if (!earliest || at < *earliest) earliest = at;
        break;
      }
    }
    return earliest;
  }

  // Moves time to `to` (not backwards) and calls fire(Timer&) for each timer due by then, each already unlinked; `fire`
  // may set it again, for later than `to`, and may set, cancel or end others, but not end the one it is given.
  template <class F>
  void advance(Tick to, F&& fire) {
    while (now_ < to) {
      const std::optional<Tick> wake = next_wake();
      if (!wake || *wake > to) {
        now_ = to;
        return;
      }
      now_ = *wake;
      // From the top: a slot that begins now hands its timers down before level 0 fires.
      for (std::size_t level = k_levels; level-- > 0;) {
        const Tick here = now_ >> (k_slot_bits * level);
        if (level > 0 && (here << (k_slot_bits * level)) != now_) continue;
        empty_slot(level, static_cast<std::size_t>(here & k_slot_mask), to, fire);
      }
    }
  }

 private:
  static constexpr std::size_t k_levels = 7;  // 64^7 ms: 139 years
  static constexpr unsigned k_slot_bits = 6;
  static constexpr Tick k_slot_mask = (Tick{1} << k_slot_bits) - 1;

  void link(Timer& timer, Tick at) {
    check(at > now_, "a timer is linked ahead of now");
    // The level is where `at` and `now_` first differ: within that level's turn the slot is ahead of the current one.
    const unsigned highest_bit = 63U - static_cast<unsigned>(std::countl_zero(at ^ now_));
    std::size_t level = highest_bit / k_slot_bits;
    if (level >= k_levels) level = k_levels - 1;
    const std::size_t slot = static_cast<std::size_t>((at >> (k_slot_bits * level)) & k_slot_mask);
    Timer& head = slots_[level][slot];
    timer.previous_ = head.previous_;
    timer.next_ = &head;
    head.previous_->next_ = &timer;
    head.previous_ = &timer;
    marks_[level] |= std::uint64_t{1} << slot;
  }

  template <class F>
  void empty_slot(std::size_t level, std::size_t slot, Tick to, F&& fire) {
    if ((marks_[level] & (std::uint64_t{1} << slot)) == 0) return;
    marks_[level] &= ~(std::uint64_t{1} << slot);
    // Taken off as a whole, so that a timer set again into this very slot waits for its next turn.
    Timer taken;
    Timer& head = slots_[level][slot];
    if (head.next_ == &head) return;
    taken.next_ = head.next_;
    taken.previous_ = head.previous_;
    taken.next_->previous_ = &taken;
    taken.previous_->next_ = &taken;
    head.previous_ = head.next_ = &head;
    while (taken.next_ != &taken) {
      Timer& timer = *taken.next_;
      timer.unlink();
      if (timer.due_ <= now_) {
        fire(timer);
        check(!timer.is_set() || timer.due_ > to, "a fired timer is set again for later");
      } else {
        link(timer, timer.due_);
      }
    }
    taken.previous_ = taken.next_ = nullptr;
  }

  Tick now_;
  std::array<std::array<Timer, std::size_t{1} << k_slot_bits>, k_levels> slots_{};
  std::array<std::uint64_t, k_levels> marks_{};
};

}  // namespace rollcall
