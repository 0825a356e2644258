#include "cluster/etcd/watch_stream.h"

#include <utility>

#include "cluster/etcd/messages.h"

namespace rollcall::cluster::etcd {

void WatchStream::start(const Range& prefix, Revision from) {
  pb::WatchCreateRequest& create = *request_.mutable_create_request();
  create.set_key(prefix.begin);
  create.set_range_end(prefix.end);
  create.set_start_revision(from);
  member_ = members_.current();
  members_.prepare(context_, milliseconds(0));
  context_.AddMetadata("hasleader",
                       "true");  // a member that has lost the others ends the stream instead of being silent
  stream_ = member_->watch->PrepareAsyncWatch(&context_, &thread_.queue());
  auto& stream = *stream_;
  self_ = shared_from_this();
  // From `begin` on the stream is the thread's.
  if (!thread_.begin(context_)) return self_.reset();
  stream.StartCall(&opening_);
}

void WatchStream::give_up() {
  is_given_up_ = true;
  context_.TryCancel();
}

void WatchStream::is_open(bool ok) {
  if (!ok) return finish();
  stream_->Write(request_, &asking_);
}

void WatchStream::is_asked(bool ok) {
  if (!ok) return finish();
  read();
}

void WatchStream::has_read(bool ok) {
  if (ok && take()) return read();
  context_.TryCancel();
  finish();
}

// False: nothing more is wanted, or comes.
bool WatchStream::take() {
  if (message_.canceled()) {
    tell_end(message_.compact_revision() != 0 ? Watcher::End::compacted : Watcher::End::disconnected);
    return false;
  }
  for (const RevisionEvents& revision : to_revisions(message_)) {
    const std::shared_ptr<Watcher> watcher = is_given_up_ ? nullptr : watcher_.lock();
    if (watcher == nullptr) return false;
    watcher->see(revision);
  }
  message_.Clear();
  return !is_given_up_;
}

void WatchStream::tell_end(Watcher::End why) {
  if (std::exchange(has_ended_, true) || is_given_up_) return;
  if (const auto watcher = watcher_.lock()) watcher->ended(why);
}

void WatchStream::is_over(bool) {
  const std::shared_ptr<WatchStream> self = std::move(self_);
  thread_.end(context_);
  if (is_members_fault(status_) && !is_given_up_) members_.move_on(*member_);
  tell_end(Watcher::End::disconnected);
}

}  // namespace rollcall::cluster::etcd
