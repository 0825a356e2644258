// A writer on a thread of its own, over the registry of world.h; the test's thread hands it changes and waits for what
// comes back.
#pragma once

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "registry/work/writer.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {

// A clock that one thread moves while another reads it.
class SharedClock final : public TimeSource {
 public:
  [[nodiscard]] LeaseTime now() const noexcept override { return LeaseTime(LeaseTime::duration(now_ns_.load())); }
  void advance(LeaseTime::duration by) { now_ns_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ns_{LeaseTime::duration(1h).count()};
};

// Holds whoever enters until it is opened, once.
class Gate {
 public:
  void enter() {
    std::unique_lock lock(mutex_);
    entered_ = true;
    moved_.notify_all();
    moved_.wait(lock, [this] { return open_; });
  }
  void wait_until_entered() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return entered_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    moved_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable moved_;
  bool entered_ = false;
  bool open_ = false;
};

struct WriterWorld {
  MemoryJournal journal;
  RecordingAudience audience;
  TwoZones zones;
  SharedClock clock;
  Registry registry{journal, audience, zones, 1h};
  Writer writer{registry, clock};
  Gate gate;
  std::thread::id thread_id;
  std::thread::id thread_of_replies;
  Lines replies;  // read after wait_for_replies or join

  ~WriterWorld() { stop(); }

  void start() {
    std::promise<std::thread::id> started;
    thread_ = std::jthread([this, &started](const std::stop_token& stop) {
      const rcu::Thread reader;
      started.set_value(std::this_thread::get_id());
      writer.run(stop);
    });
    thread_id = started.get_future().get();
  }
  // Starts the writer with a journal that waits at the gate.
  Gate& hold_the_journal() {
    journal.on_record = [this](const Transaction&) { gate.enter(); };
    start();
    return gate;
  }
  void request_stop() { thread_.request_stop(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  void stop() {
    gate.open();
    request_stop();
    join();
  }

  Writer::Reply reply() {
    return [this](const Outcome& outcome) {
      const std::lock_guard lock(mutex_);
      replies.push_back(describe(outcome));
      thread_of_replies = std::this_thread::get_id();
      replied_.notify_all();
    };
  }
  void submit(Change change) {
    if (!writer.submit(std::move(change), reply())) throw std::runtime_error("the writer takes no change");
  }
  bool wait_for_replies(std::size_t count) {
    std::unique_lock lock(mutex_);
    replied_.wait(lock, [&] { return replies.size() >= count; });
    return replies.size() == count;
  }

  void run_on_writer(std::move_only_function<void()> task) {
    std::promise<void> done;
    writer.run_soon([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }
  // What the writer does when it wakes without a change has been done once when this returns: a task is run before the
  // sweep, the next one after it.
  void run_a_round() {
    run_on_writer([] {});
    run_on_writer([] {});
  }

  [[nodiscard]] Ids ids(std::string_view service) const {
    const rcu::ReadLock lock;
    Ids found;
    const Service* snapshot = registry.find_service({k_svc, service});
    if (snapshot == nullptr) return found;
    for (const Instance* instance : snapshot->instances) found.emplace_back(instance->id());
    return found;
  }

 private:
  static std::string describe(const Outcome& outcome) {
    if (outcome) {
      const char* what = outcome->created ? "created " : outcome->changed ? "changed " : "renewed ";
      return what + std::to_string(outcome->index);
    }
    switch (outcome.error().code) {
      case Errc::conflict: return "conflict";
      case Errc::unknown_instance: return "unknown";
      default: return "failed";
    }
  }

  std::mutex mutex_;
  std::condition_variable replied_;
  std::jthread thread_;
};

}  // namespace rollcall::registry::testing
