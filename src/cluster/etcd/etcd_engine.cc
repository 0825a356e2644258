#include "cluster/etcd/etcd_engine.h"

#include <utility>

#include "cluster/etcd/messages.h"

namespace rollcall::cluster::etcd {
namespace {

constexpr milliseconds k_revoke_deadline{1'000};

// A call with one answer: what it says, how, and what is done with the answer. Between `begin` and its event it owns itself.
template <class Request, class Answer>
struct Unary final : Event {
  using Reader = std::unique_ptr<grpc::ClientAsyncResponseReader<Answer>>;
  using Prepare = Reader (*)(Member&, grpc::ClientContext*, const Request&, grpc::CompletionQueue*);
  using Done = std::function<void(const grpc::Status&, Answer&, const Member&)>;

  Unary(Prepare how, Request what, Done then, milliseconds within)
      : prepare(how), request(std::move(what)), done(std::move(then)), deadline(within) {}
  void happened(bool) override { over(); }

  const Prepare prepare;
  const Request request;
  const Done done;
  const milliseconds deadline;
  bool may_log_in = true;
  std::shared_ptr<Member> member;
  std::unique_ptr<grpc::ClientContext> context;
  Reader reader;
  Answer answer;
  grpc::Status status;
  std::move_only_function<void()> over;
};

using RangeCall = Unary<pb::RangeRequest, pb::RangeResponse>;
using TxnCall = Unary<pb::TxnRequest, pb::TxnResponse>;
using GrantCall = Unary<pb::LeaseGrantRequest, pb::LeaseGrantResponse>;
using RevokeCall = Unary<pb::LeaseRevokeRequest, pb::LeaseRevokeResponse>;
using StatusCall = Unary<pb::StatusRequest, pb::StatusResponse>;
using LoginCall = Unary<pb::AuthenticateRequest, pb::AuthenticateResponse>;

}  // namespace

Result<std::unique_ptr<EtcdEngine>> EtcdEngine::make(const EngineSettings& settings) {
  Result<std::unique_ptr<Members>> members = Members::make(settings);
  if (!members) return std::unexpected(members.error());
  return std::unique_ptr<EtcdEngine>(new EtcdEngine(std::move(*members)));
}

EtcdEngine::~EtcdEngine() {
  is_closing_ = true;
  thread_.stop();
}

template <class Call>
void EtcdEngine::call(std::unique_ptr<Call> call) {
  call->member = members_->current();
  call->context = std::make_unique<grpc::ClientContext>();
  members_->prepare(*call->context, call->deadline);
  Call& self = *call;
  self.over = [this, &self] { answered(std::unique_ptr<Call>(&self)); };
  self.reader = self.prepare(*self.member, self.context.get(), self.request, &thread_.queue());
  // From `begin` on the call is the thread's: it may be over before `Finish` has returned.
  auto& reader = *self.reader;
  if (!thread_.begin(*self.context)) return;
  call.release();
  reader.StartCall();
  reader.Finish(&self.answer, &self.status, static_cast<Event*>(&self));
}

template <class Call>
void EtcdEngine::answered(std::unique_ptr<Call> call) {
  thread_.end(*call->context);
  if (is_closing_) return;
  if (wants_login(call->status) && members_->logs_in() && std::exchange(call->may_log_in, false)) {
    return log_in_and_repeat(std::move(call));
  }
  if (is_members_fault(call->status)) members_->move_on(*call->member);
  call->done(call->status, call->answer, *call->member);
}

// What etcd has refused for want of a good token it has not begun: asking once more repeats nothing.
template <class Call>
void EtcdEngine::log_in_and_repeat(std::unique_ptr<Call> refused) {
  pb::AuthenticateRequest request;
  request.set_name(members_->settings().user);
  request.set_password(members_->settings().password);
  members_->set_token({});
  const std::shared_ptr<Call> first = std::move(refused);
  auto login = std::make_unique<LoginCall>(
      [](Member& member, grpc::ClientContext* context, const pb::AuthenticateRequest& asked,
         grpc::CompletionQueue* queue) { return member.auth->PrepareAsyncAuthenticate(context, asked, queue); },
      std::move(request),
      [this, first](const grpc::Status& status, pb::AuthenticateResponse& answer, const Member&) {
        if (!status.ok()) return first->done(first->status, first->answer, *first->member);
        members_->set_token(answer.token());
        auto again = std::make_unique<Call>(first->prepare, first->request, first->done, first->deadline);
        again->may_log_in = false;
        call(std::move(again));
      },
      members_->settings().call_deadline);
  login->may_log_in = false;
  call(std::move(login));
}

void EtcdEngine::read(Reading reading, std::function<void(Snapshot)> done) {
  call(std::make_unique<RangeCall>(
      [](Member& member, grpc::ClientContext* context, const pb::RangeRequest& request, grpc::CompletionQueue* queue) {
        return member.kv->PrepareAsyncRange(context, request, queue);
      },
      to_request(reading),
      [done = std::move(done)](const grpc::Status& status, pb::RangeResponse& answer, const Member&) {
        done(to_snapshot(status, answer));
      },
      members_->settings().call_deadline));
}

void EtcdEngine::commit(Transaction transaction, std::function<void(Committed)> done) {
  call(std::make_unique<TxnCall>(
      [](Member& member, grpc::ClientContext* context, const pb::TxnRequest& request, grpc::CompletionQueue* queue) {
        return member.kv->PrepareAsyncTxn(context, request, queue);
      },
      to_request(transaction, session_.lease()),
      [done = std::move(done)](const grpc::Status& status, pb::TxnResponse& answer, const Member&) {
        done(to_committed(status, answer));
      },
      members_->settings().call_deadline));
}

void EtcdEngine::watch(std::string prefix, Revision from, std::weak_ptr<Watcher> watcher) {
  auto stream = std::make_shared<WatchStream>(*members_, thread_, std::move(watcher));
  std::shared_ptr<WatchStream> before;
  {
    const std::lock_guard lock(watch_mutex_);
    before = std::exchange(watches_[prefix], stream);
  }
  if (before != nullptr) before->give_up();
  stream->start(range_of_prefix(prefix), from);
}

void EtcdEngine::move_on() {
  members_->move_on(*members_->current());
  const std::lock_guard lock(watch_mutex_);
  for (const auto& [prefix, watch] : watches_) watch->break_off();
}

void EtcdEngine::open_session(std::function<void(bool)> done, std::function<void()> renewed) {
  thread_.run([this, done = std::move(done), renewed = std::move(renewed)]() mutable {
    grant(session_.begin(std::move(renewed)), std::move(done));
  });
}

void EtcdEngine::grant(std::uint64_t session, std::function<void(bool)> done) {
  pb::LeaseGrantRequest request;
  request.set_ttl(members_->settings().session.count());
  call(std::make_unique<GrantCall>(
      [](Member& member, grpc::ClientContext* context, const pb::LeaseGrantRequest& asked,
         grpc::CompletionQueue* queue) { return member.lease->PrepareAsyncLeaseGrant(context, asked, queue); },
      std::move(request),
      [this, session, done = std::move(done)](const grpc::Status& status, pb::LeaseGrantResponse& answer,
                                              const Member&) {
        const bool is_granted = status.ok() && answer.id() != 0 && session_.is_open(session);
        if (is_granted) session_.granted(answer.id());
        done(is_granted);
      },
      members_->settings().call_deadline));
}

void EtcdEngine::close_session(bool revoke) {
  thread_.run([this, revoke] {
    pb::LeaseRevokeRequest request;
    request.set_id(session_.end());
    if (!revoke || request.id() == 0) return;
    call(std::make_unique<RevokeCall>(
        [](Member& member, grpc::ClientContext* context, const pb::LeaseRevokeRequest& asked,
           grpc::CompletionQueue* queue) { return member.lease->PrepareAsyncLeaseRevoke(context, asked, queue); },
        std::move(request), [](const grpc::Status&, pb::LeaseRevokeResponse&, const Member&) {}, k_revoke_deadline));
  });
}

void EtcdEngine::look(std::function<void(EngineState)> done) {
  call(std::make_unique<StatusCall>(
      [](Member& member, grpc::ClientContext* context, const pb::StatusRequest& request, grpc::CompletionQueue* queue) {
        return member.maintenance->PrepareAsyncStatus(context, request, queue);
      },
      pb::StatusRequest(),
      [done = std::move(done)](const grpc::Status& status, pb::StatusResponse& answer, const Member& member) {
        EngineState state = to_state(status, answer);
        state.endpoint = member.endpoint;
        done(std::move(state));
      },
      members_->settings().call_deadline));
}

}  // namespace rollcall::cluster::etcd
