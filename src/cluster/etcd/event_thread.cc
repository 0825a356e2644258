#include "cluster/etcd/event_thread.h"

#include <pthread.h>
#include <utility>

namespace rollcall::cluster::etcd {

using std::chrono::system_clock;

EventThread::EventThread() : thread_([this] { work(); }) { pthread_setname_np(thread_.native_handle(), "etcd"); }

void EventThread::run(Task task) {
  const std::lock_guard lock(mutex_);
  if (is_stopped_) return;
  tasks_.push_back(std::move(task));
  wake();
}

void EventThread::run_after(std::chrono::milliseconds delay, Task task) {
  const std::lock_guard lock(mutex_);
  if (is_stopped_) return;
  later_.emplace(Clock::now() + delay, std::move(task));
  wake();
}

// The thread waits in the queue alone: an alarm that rings at once is an event of it.
void EventThread::wake() {
  if (std::this_thread::get_id() == thread_.get_id() || std::exchange(is_alarm_set_, true)) return;
  alarm_.Set(&queue_, system_clock::now(), static_cast<Event*>(&wake_));
}

bool EventThread::begin(grpc::ClientContext& context) {
  const std::lock_guard lock(mutex_);
  if (is_stopped_) return false;
  under_way_.insert(&context);
  return true;
}

void EventThread::end(grpc::ClientContext& context) {
  const std::lock_guard lock(mutex_);
  under_way_.erase(&context);
}

void EventThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_) return;
    is_stopped_ = true;
    for (grpc::ClientContext* context : under_way_) context->TryCancel();
    wake();
  }
  thread_.join();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

bool EventThread::is_done() {
  const std::lock_guard lock(mutex_);
  return is_stopped_ && under_way_.empty();
}

void EventThread::run_due_tasks() {
  std::deque<Task> due;
  {
    const std::lock_guard lock(mutex_);
    due.swap(tasks_);
    while (!later_.empty() && later_.begin()->first <= Clock::now()) {
      due.push_back(std::move(later_.begin()->second));
      later_.erase(later_.begin());
    }
    if (is_stopped_) due.clear();
  }
  for (Task& task : due) task();
}

system_clock::time_point EventThread::next_deadline() {
  const std::lock_guard lock(mutex_);
  if (!tasks_.empty()) return system_clock::now();
  if (later_.empty() || is_stopped_) return system_clock::now() + std::chrono::hours(1);
  return system_clock::now() + std::chrono::ceil<system_clock::duration>(later_.begin()->first - Clock::now());
}

void EventThread::work() {
  while (!is_done()) {
    run_due_tasks();
    void* tag = nullptr;
    bool ok = false;
    if (is_done() || queue_.AsyncNext(&tag, &ok, next_deadline()) != grpc::CompletionQueue::GOT_EVENT) continue;
    auto* event = static_cast<Event*>(tag);
    {
      const std::lock_guard lock(mutex_);  // so that all is seen that was written before `begin`
      if (event == &wake_) is_alarm_set_ = false;
    }
    event->happened(ok);
  }
}

}  // namespace rollcall::cluster::etcd
