#include "cluster/etcd/session_lease.h"

#include <utility>

#include "cluster/etcd/messages.h"

namespace rollcall::cluster::etcd {
namespace {

constexpr milliseconds k_renew_again{500};  // after a renewal that was not answered

// One renewal: one message there, one back. A stream of its own, so that the next goes to whichever member is asked then.
class Renewal {
 public:
  using Done = std::move_only_function<void(bool answered, std::int64_t seconds_left)>;
  Renewal(Members& members, EventThread& thread, Done done)
      : members_(members), thread_(thread), done_(std::move(done)), member_(members.current()) {}

  // Owns itself until it is over.
  static void start(std::unique_ptr<Renewal> renewal, LeaseNumber lease, milliseconds deadline) {
    Renewal& self = *renewal;
    self.members_.prepare(self.context_, deadline);
    if (!self.thread_.begin(self.context_)) return;
    self.request_.set_id(lease);
    self.stream_ = self.member_->lease->PrepareAsyncLeaseKeepAlive(&self.context_, &self.thread_.queue());
    self.self_ = std::move(renewal);
    self.stream_->StartCall(&self.opening_);
  }

 private:
  struct Step final : Event {
    Step(Renewal& its_renewal, void (Renewal::*its_next)(bool)) : renewal(its_renewal), next(its_next) {}
    void happened(bool ok) override { (renewal.*next)(ok); }
    Renewal& renewal;
    void (Renewal::* const next)(bool);
  };
  void is_open(bool ok) { ok ? stream_->WriteLast(request_, {}, &asking_) : finish(); }
  void is_asked(bool ok) { ok ? stream_->Read(&answer_, &reading_) : finish(); }
  void has_read(bool ok) {
    is_answered_ = ok;
    finish();
  }
  void finish() {
    if (is_answered_) context_.TryCancel();  // etcd would keep the stream open for more
    stream_->Finish(&status_, &finishing_);
  }
  void is_over(bool) {
    const std::unique_ptr<Renewal> self = std::move(self_);
    thread_.end(context_);
    if (!is_answered_ && is_members_fault(status_)) members_.move_on(*member_);
    done_(is_answered_, answer_.ttl());
  }

  Members& members_;
  EventThread& thread_;
  Done done_;
  const std::shared_ptr<Member> member_;
  Step opening_{*this, &Renewal::is_open};
  Step asking_{*this, &Renewal::is_asked};
  Step reading_{*this, &Renewal::has_read};
  Step finishing_{*this, &Renewal::is_over};
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<pb::LeaseKeepAliveRequest, pb::LeaseKeepAliveResponse>> stream_;
  pb::LeaseKeepAliveRequest request_;
  pb::LeaseKeepAliveResponse answer_;
  grpc::Status status_;
  bool is_answered_ = false;
  std::unique_ptr<Renewal> self_;
};

}  // namespace

std::uint64_t SessionLease::begin(std::function<void()> renewed) {
  lease_ = 0;
  renewed_ = std::move(renewed);
  return ++session_;
}

void SessionLease::granted(LeaseNumber lease) {
  lease_ = lease;
  thread_.run_after(milliseconds(members_.settings().session) / 3, [this, session = session_] { renew(session); });
}

LeaseNumber SessionLease::end() {
  ++session_;
  renewed_ = nullptr;
  return lease_.exchange(0);
}

void SessionLease::renew(std::uint64_t session) {
  if (!is_open(session)) return;
  const milliseconds interval = milliseconds(members_.settings().session) / 3;
  Renewal::start(std::make_unique<Renewal>(members_, thread_,
                                           [this, session](bool answered, std::int64_t seconds_left) {
                                             renewed(session, answered, seconds_left);
                                           }),
                 lease_, interval);
}

// A lease that has ended is not renewed again: whoever holds the session finds out by its proof.
void SessionLease::renewed(std::uint64_t session, bool answered, std::int64_t seconds_left) {
  if (!is_open(session) || (answered && seconds_left <= 0)) return;
  const milliseconds interval = milliseconds(members_.settings().session) / 3;
  thread_.run_after(answered ? interval : k_renew_again, [this, session] { renew(session); });
  if (answered && renewed_) renewed_();
}

}  // namespace rollcall::cluster::etcd
