// One watch of a prefix: a stream that is read as fast as its events are taken, and no faster.
//
// Shape    each message holds whole revisions. The next is read when the events of the last have been seen: what is not taken
//          stays with etcd.
// Owner    itself, from `start` until gRPC says that it is over.
// Threads  events are shown on the engine's thread; `give_up` and `break_off` any.
#pragma once

#include <atomic>
#include <grpcpp/grpcpp.h>
#include <memory>

#include "cluster/engine.h"
#include "cluster/etcd/event_thread.h"
#include "cluster/etcd/members.h"

namespace rollcall::cluster::etcd {

class WatchStream final : public std::enable_shared_from_this<WatchStream> {
 public:
  WatchStream(Members& members, EventThread& thread, std::weak_ptr<Watcher> watcher)
      : members_(members), thread_(thread), watcher_(std::move(watcher)) {}

  void start(const Range& prefix, Revision from);
  void give_up();                             // nothing more is shown
  void break_off() { context_.TryCancel(); }  // the watcher is told that it has ended

 private:
  // A step of the stream, as a tag.
  struct Step final : Event {
    Step(WatchStream& its_stream, void (WatchStream::*its_next)(bool)) : stream(its_stream), next(its_next) {}
    void happened(bool ok) override { (stream.*next)(ok); }
    WatchStream& stream;
    void (WatchStream::* const next)(bool);
  };
  void is_open(bool ok);
  void is_asked(bool ok);
  void has_read(bool ok);
  void is_over(bool ok);
  void read() { stream_->Read(&message_, &reading_); }
  void finish() { stream_->Finish(&status_, &finishing_); }
  [[nodiscard]] bool take();
  void tell_end(Watcher::End why);

  Members& members_;
  EventThread& thread_;
  const std::weak_ptr<Watcher> watcher_;
  Step opening_{*this, &WatchStream::is_open};
  Step asking_{*this, &WatchStream::is_asked};
  Step reading_{*this, &WatchStream::has_read};
  Step finishing_{*this, &WatchStream::is_over};
  std::shared_ptr<Member> member_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<pb::WatchRequest, pb::WatchResponse>> stream_;
  pb::WatchRequest request_;
  pb::WatchResponse message_;
  grpc::Status status_;
  std::atomic<bool> is_given_up_{false};
  bool has_ended_ = false;  // the watcher knows
  std::shared_ptr<WatchStream> self_;
};

}  // namespace rollcall::cluster::etcd
