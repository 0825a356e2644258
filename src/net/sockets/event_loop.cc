#include "net/sockets/event_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <pthread.h>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/rcu.h"

namespace rollcall::net {

void Deadline::expires_after(std::chrono::milliseconds duration) { loop_.set_deadline(*this, duration); }

void Deadline::cancel_deadline() { loop_.wheel_.cancel(*this); }

// Boost's exception is not derived from the standard ones that start-up catches: it is translated.
EventLoop::EventLoop() try : wheel_(now()) {
} catch (const boost::system::system_error& error) {
  throw std::system_error(error.code(), "a network loop cannot be made");
}

EventLoop::~EventLoop() { stop(); }

void EventLoop::start(const std::string& name) {
  check(!thread_.joinable(), "a loop is started once");
  thread_ = std::jthread([this] {
    const rcu::Thread reader;
    const auto work = boost::asio::make_work_guard(context_);
    context_.run();
  });
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

void EventLoop::stop() {
  if (!thread_.joinable()) return;
  // After everything posted so far, so that answers that are ready are still sent.
  boost::asio::post(context_, [this] { boost::asio::post(context_, [this] { context_.stop(); }); });
  thread_.join();
}

void EventLoop::post(std::move_only_function<void()> task) {
  check(static_cast<bool>(task), "a task can be called");
  const bool is_first = tasks_.with([&](auto& tasks) {
    tasks.push_back(std::move(task));
    return tasks.size() == 1;
  });
  if (is_first) boost::asio::post(context_, [this] { run_tasks(); });
}

void EventLoop::run_tasks() {
  auto tasks = tasks_.with([](auto& waiting) { return std::exchange(waiting, {}); });
  const log::Together lines;  // a change that is answered has its line in the log, and many are answered at once
  for (std::move_only_function<void()>& task : tasks) task();
}

Tick EventLoop::now() const {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<Tick>(std::chrono::duration_cast<std::chrono::milliseconds>(since_boot) / k_tick);
}

void EventLoop::set_deadline(Deadline& deadline, std::chrono::milliseconds after) {
  // One tick more: the present one has begun already.
  wheel_.set(deadline, now() + static_cast<Tick>(after / k_tick) + 1);
  if (!is_ticking_) wait_for_tick();
}

// Ticks only while a deadline is set: an idle server does not wake up.
void EventLoop::wait_for_tick() {
  is_ticking_ = wheel_.next_wake().has_value();
  if (!is_ticking_) return;
  ticker_.expires_after(k_tick);
  ticker_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    wheel_.advance(now(), [](TimingWheel::Timer& timer) { static_cast<Deadline&>(timer).on_deadline(); });
    wait_for_tick();
  });
}

}  // namespace rollcall::net
