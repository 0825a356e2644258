#include "client/touch.h"

#include <algorithm>

namespace rollcall::client {

using std::chrono::steady_clock;

void Touch::note_acknowledged(Time sent, std::chrono::milliseconds lease) {
  {
    const std::lock_guard lock(mutex_);
    until_ = is_acknowledged_ ? std::max(until_, sent + lease) : sent + lease;
    is_acknowledged_ = true;
  }
  changed_.notify_all();
}

void Touch::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  changed_.notify_all();
}

bool Touch::is_registered(Time now) const {
  const std::lock_guard lock(mutex_);
  return !is_closed_ && is_acknowledged_ && now < until_;
}

bool Touch::wait_until_registered(Time until) {
  std::unique_lock lock(mutex_);
  const auto is_registered = [this] { return is_acknowledged_ && steady_clock::now() < until_; };
  changed_.wait_until(lock, until, [&] { return is_closed_ || is_registered(); });
  return !is_closed_ && is_registered();
}

void Touch::watch(const std::function<void(bool)>& on_touch) {
  bool is_in_touch = true;
  std::unique_lock lock(mutex_);
  while (!is_closed_) {
    if ((steady_clock::now() < until_) != is_in_touch) {
      is_in_touch = !is_in_touch;
      lock.unlock();
      on_touch(is_in_touch);
      lock.lock();
    } else if (is_in_touch) {
      changed_.wait_until(lock, until_);
    } else {
      changed_.wait(lock);
    }
  }
}

}  // namespace rollcall::client
