// Whether a thread still makes progress: what a watchdog asks, and what the thread says.
//
// Shape    `ask`, some time later `has_answered`. A thread that sleeps because there is nothing to do counts as alive.
// Owner    the watchdog; it goes before the threads it asks.
// Threads  `ask` and `has_answered`: the watchdog's.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace rollcall {

class Pulse {
 public:
  explicit Pulse(std::string name) : name_(std::move(name)) {}
  virtual ~Pulse() = default;
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  virtual void ask() = 0;
  [[nodiscard]] virtual bool has_answered() const = 0;

 private:
  const std::string name_;
};

// Of a thread that runs tasks: the answer is that it has run one. It costs that thread nothing between two questions.
class TaskPulse final : public Pulse {
 public:
  using Post = std::function<void(std::move_only_function<void()>)>;

  TaskPulse(std::string name, Post post) : Pulse(std::move(name)), post_(std::move(post)) {}

  void ask() override {
    post_([answered = answered_, question = ++asked_] { answered->store(question, std::memory_order_relaxed); });
  }
  [[nodiscard]] bool has_answered() const override { return answered_->load(std::memory_order_relaxed) == asked_; }

 private:
  const Post post_;
  std::uint64_t asked_ = 0;
  const std::shared_ptr<std::atomic<std::uint64_t>> answered_ = std::make_shared<std::atomic<std::uint64_t>>(0);
};

// Stamped by a thread that runs no tasks: one store when its work begins, and one when it has been done.
class Steps {
 public:
  void begin() noexcept { step(); }
  void end() noexcept { step(); }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
  // Between `begin` and `end`.
  [[nodiscard]] static bool is_busy(std::uint64_t count) noexcept { return count % 2 == 1; }

 private:
  // One thread writes it.
  void step() noexcept { count_.store(count() + 1, std::memory_order_relaxed); }

  std::atomic<std::uint64_t> count_{0};
};

// Stuck is who was at work when asked, and is at the same piece of work still.
class StepPulse final : public Pulse {
 public:
  StepPulse(std::string name, const Steps& steps) : Pulse(std::move(name)), steps_(steps) {}

  void ask() override { seen_ = steps_.count(); }
  [[nodiscard]] bool has_answered() const override { return !Steps::is_busy(seen_) || steps_.count() != seen_; }

 private:
  const Steps& steps_;
  std::uint64_t seen_ = 0;
};

}  // namespace rollcall
