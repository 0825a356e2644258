// The one thread of an engine: gRPC's completion queue, tasks in the order they were given, and tasks for later.
//
// Shape    a call under way is an Event that waits in the queue for its outcome; whoever starts one says so to `begin` and,
//          from `happened`, to `end`.
// Owner    the engine. `stop` cancels the calls under way, waits until each has ended, and drops the tasks; not from a task.
// Threads  any may give tasks and begin calls; events and tasks come on the thread alone.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace rollcall::cluster::etcd {

// A tag of the completion queue.
class Event {
 public:
  virtual ~Event() = default;
  virtual void happened(bool ok) = 0;
};

class EventThread {
 public:
  using Task = std::move_only_function<void()>;
  using Clock = std::chrono::steady_clock;

  EventThread();
  ~EventThread() { stop(); }
  EventThread(const EventThread&) = delete;
  EventThread& operator=(const EventThread&) = delete;

  void run(Task task);
  void run_after(std::chrono::milliseconds delay, Task task);

  [[nodiscard]] grpc::CompletionQueue& queue() { return queue_; }
  // False: the engine ends, nothing is begun any more.
  [[nodiscard]] bool begin(grpc::ClientContext& context);
  void end(grpc::ClientContext& context);

  void stop();

 private:
  void work();
  void run_due_tasks();
  [[nodiscard]] std::chrono::system_clock::time_point next_deadline();
  void wake();  // under mutex_
  [[nodiscard]] bool is_done();

  class Wake final : public Event {
    void happened(bool) override {}
  };

  grpc::CompletionQueue queue_;
  Wake wake_;
  std::mutex mutex_;  // of what follows, down to the thread
  grpc::Alarm alarm_;
  bool is_alarm_set_ = false;
  std::deque<Task> tasks_;
  std::multimap<Clock::time_point, Task> later_;
  std::set<grpc::ClientContext*> under_way_;
  bool is_stopped_ = false;
  std::thread thread_;
};

}  // namespace rollcall::cluster::etcd
