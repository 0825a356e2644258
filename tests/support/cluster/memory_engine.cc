#include "support/cluster/memory_engine.h"

namespace rollcall::cluster::testing {

using std::chrono::microseconds;

Time MemoryEngine::latency() {
  if (link_.slow_network && random_.below(2) == 0) return microseconds(1'000 + random_.below(600'000));
  if (random_.below(50) == 0) return microseconds(10'000 + random_.below(240'000));
  return microseconds(500 + random_.below(3'500));
}

// An answer or, at the deadline, none: whichever comes first.
template <class T>
void MemoryEngine::call_back(std::shared_ptr<bool> open, std::function<void(T)> done, T value) {
  executor_([open = std::move(open), done = std::move(done), value = std::move(value)]() mutable {
    if (!*open) return;
    *open = false;
    done(std::move(value));
  });
}

void MemoryEngine::read(Reading reading, std::function<void(Snapshot)> done) {
  auto open = std::make_shared<bool>(true);
  time_.after(latency(), [self = shared_from_this(), reading = std::move(reading), open, done] {
    if (!self->passes()) return;
    Snapshot snapshot = self->store_.read(reading);
    self->time_.after(self->latency(), [self, open, done, snapshot = std::move(snapshot)]() mutable {
      if (self->link_.answers_cut == 0) self->call_back<Snapshot>(open, done, std::move(snapshot));
    });
  });
  time_.after(k_deadline, [self = shared_from_this(), open, done] { self->call_back<Snapshot>(open, done, {}); });
}

void MemoryEngine::commit(Transaction transaction, std::function<void(Committed)> done) {
  Time delay = latency();
  if (link_.slow_commits != 0) delay += microseconds(random_.below(10'000'000));
  auto open = std::make_shared<bool>(true);
  auto shared = std::make_shared<Transaction>(std::move(transaction));
  std::function<void(Committed)> answer = [self = shared_from_this(), open, done](Committed committed) {
    const Time late = self->link_.slow_answers == 0 ? Time{} : Time(microseconds(self->random_.below(2'000'000)));
    self->time_.after(self->latency() + late, [self, open, done, committed = std::move(committed)]() mutable {
      if (self->link_.answers_cut == 0) self->call_back<Committed>(open, done, std::move(committed));
    });
  };
  time_.after(delay, [self = shared_from_this(), shared, lease = lease_, answer = std::move(answer)]() mutable {
    self->arrive(shared, lease, std::move(answer));
  });
  time_.after(k_deadline, [self = shared_from_this(), open, done] { self->call_back<Committed>(open, done, {}); });
}

void MemoryEngine::arrive(std::shared_ptr<Transaction> transaction, LeaseId lease,
                          std::function<void(Committed)> answer) {
  if (link_.requests_cut != 0 || link_.stuck != 0) return;
  if (quorum_.is_there) return answer(store_.apply(*transaction, lease));
  // Without quorum half of what has reached a leader is still in its log when there is a quorum again.
  if (random_.below(2) == 0) return;
  time_.after(std::chrono::milliseconds(500), [self = shared_from_this(), transaction, lease, answer]() mutable {
    self->arrive(transaction, lease, std::move(answer));
  });
}

void MemoryEngine::watch(std::string, Revision from, std::weak_ptr<Watcher> watcher) {
  watcher_ = std::move(watcher);
  next_ = from;
  ++watches_;
  inbox_.clear();
  store_changed();
}

void MemoryEngine::store_changed() {
  if (next_ == 0 || is_pumping_) return;
  is_pumping_ = true;
  Time delay = latency();
  if (link_.slow_watch != 0) delay += microseconds(200'000 + random_.below(800'000));
  time_.after(delay, [self = shared_from_this()] { self->pump(); });
}

void MemoryEngine::pump() {
  is_pumping_ = false;
  if (next_ == 0 || next_ > store_.header().revision) return;
  if (link_.answers_cut != 0 || link_.requests_cut != 0 || link_.slow_watch != 0) {
    is_pumping_ = true;
    time_.after(std::chrono::milliseconds(150), [self = shared_from_this()] { self->pump(); });
    return;
  }
  if (store_.is_compacted(next_)) {
    next_ = 0;
    return show(nullptr, Watcher::End::compacted);
  }
  for (; next_ <= store_.header().revision; ++next_) {
    show(store_.history(next_), {});
  }
}

void MemoryEngine::show(std::shared_ptr<const RevisionEvents> events, Watcher::End end) {
  inbox_.emplace_back(std::move(events), end);
  executor_([self = shared_from_this(), watch = watches_] {
    if (self->watches_ != watch || self->inbox_.empty()) return;
    const auto [next, why] = std::move(self->inbox_.front());
    self->inbox_.pop_front();
    const auto watcher = self->watcher_.lock();
    if (watcher == nullptr) return;
    if (next != nullptr) {
      watcher->see(*next);
    } else {
      watcher->ended(why);
    }
  });
}

void MemoryEngine::store_restored() {
  if (next_ == 0) return;
  next_ = 0;
  time_.after(latency(), [self = shared_from_this()] {
    if (self->next_ == 0) self->show(nullptr, Watcher::End::disconnected);
  });
}

void MemoryEngine::open_session(std::function<void(bool)> done, std::function<void()> renewed) {
  const std::uint64_t session = ++sessions_;
  renewed_ = std::move(renewed);
  auto open = std::make_shared<bool>(true);
  time_.after(latency(), [self = shared_from_this(), session, open, done] {
    if (!self->passes() || self->sessions_ != session) return;
    const LeaseId lease = self->store_.grant(self->time_.now() + k_session);
    self->time_.after(self->latency(), [self, session, open, done, lease] {
      if (self->link_.answers_cut != 0 || self->sessions_ != session) return;
      self->executor_([self, session, open, done, lease] {
        if (!*open || self->sessions_ != session) return;
        *open = false;
        self->lease_ = lease;
        if (lease != 0) self->keep_alive(session);
        done(lease != 0);
      });
    });
  });
  time_.after(k_deadline, [self = shared_from_this(), open, done] { self->call_back<bool>(open, done, false); });
}

// A node that is stopped sends no renewals: the loop goes through its executor.
void MemoryEngine::keep_alive(std::uint64_t session) {
  if (sessions_ != session) return;
  time_.after(latency(), [self = shared_from_this(), session] {
    if (self->sessions_ != session || self->link_.requests_cut != 0 || !self->quorum_.is_there) return;
    if (self->link_.stuck == 0 && !self->store_.renew(self->lease_, self->time_.now() + k_session)) return;
    if (self->link_.answers_cut != 0) return;
    self->executor_([self, session] {
      if (self->sessions_ == session && self->renewed_) self->renewed_();
    });
  });
  time_.after(std::chrono::milliseconds(1'600), [self = shared_from_this(), session] {
    self->executor_([self, session] { self->keep_alive(session); });
  });
}

void MemoryEngine::look(std::function<void(EngineState)> done) {
  time_.after(latency(), [self = shared_from_this(), done] {
    EngineState state{.answered = self->passes(), .has_leader = self->quorum_.is_there};
    if (state.answered) state.header = self->store_.header();
    state.has_no_space = self->store_.is_full();
    self->executor_([done, state = std::move(state)] { done(state); });
  });
}

void MemoryEngine::close_session(bool revoke) {
  const LeaseId lease = lease_;
  ++sessions_;
  lease_ = 0;
  if (!revoke || lease == 0) return;
  time_.after(latency(), [self = shared_from_this(), lease] {
    if (self->passes()) self->store_.revoke(lease);
  });
}

}  // namespace rollcall::cluster::testing
