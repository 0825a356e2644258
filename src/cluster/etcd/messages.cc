#include "cluster/etcd/messages.h"

#include <string_view>
#include <utility>

namespace rollcall::cluster::etcd {
namespace {

KeyValue to_value(pb::StoredKey& stored) {
  return {.key = std::move(*stored.mutable_key()),
          .value = std::move(*stored.mutable_value()),
          .created = stored.create_revision(),
          .changed = stored.mod_revision(),
          .version = stored.version(),
          .lease = stored.lease()};
}

void set_range(pb::RangeRequest& request, const Range& range) {
  request.set_key(range.begin);
  request.set_range_end(range.end);
}

// etcd's errors are told by their text: several share a code (etcd: api/v3rpc/rpctypes/error.go).
Refusal refusal_of(const grpc::Status& status) {
  const std::string said = status.error_message();
  const auto says = [&](std::string_view words) { return said.find(words) != std::string::npos; };
  switch (status.error_code()) {
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      if (says("database space exceeded")) return Refusal::no_space;
      return says("too many requests") ? Refusal::overloaded : Refusal::too_large;  // over gRPC's own limit
    case grpc::StatusCode::NOT_FOUND: return says("lease not found") ? Refusal::no_lease : Refusal::other;
    case grpc::StatusCode::INVALID_ARGUMENT:
      if (wants_login(status)) return Refusal::not_allowed;
      return says("too large") || says("too many operations") ? Refusal::too_large : Refusal::other;
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED: return Refusal::not_allowed;
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED: return Refusal::other;
    default: return Refusal::none;  // nothing is certain
  }
}

}  // namespace

pb::RangeRequest to_request(const Reading& reading) {
  pb::RangeRequest request;
  set_range(request, reading.range);
  request.set_revision(reading.at);
  request.set_limit(reading.keys_max);
  if (reading.newest_only) {
    request.set_limit(1);
    request.set_keys_only(true);
    request.set_sort_order(pb::RangeRequest::DESCEND);
    request.set_sort_target(pb::RangeRequest::BY_MOD);
  }
  return request;
}

pb::TxnRequest to_request(const Transaction& transaction, LeaseNumber lease) {
  pb::TxnRequest request;
  for (const Compare& compare : transaction.compares) {
    pb::Compare& added = *request.add_compare();
    added.set_key(compare.key);
    if (compare.target == Compare::Target::create_revision) {
      added.set_target(pb::Compare::CREATE);
      added.set_create_revision(compare.equals);
    } else {
      added.set_target(pb::Compare::MOD);
      added.set_mod_revision(compare.equals);
    }
  }
  for (const std::string& key : transaction.deletes) {
    request.add_success()->mutable_request_delete_range()->set_key(key);
  }
  for (const Put& put : transaction.puts) {
    pb::PutRequest& added = *request.add_success()->mutable_request_put();
    added.set_key(put.key);
    added.set_value(put.value);
    added.set_lease(put.in_session ? lease : put.lease);
  }
  for (const Range& range : transaction.otherwise) set_range(*request.add_failure()->mutable_request_range(), range);
  return request;
}

Header to_header(const pb::ResponseHeader& header) { return {header.cluster_id(), header.revision()}; }

Snapshot to_snapshot(const grpc::Status& status, pb::RangeResponse& answer) {
  Snapshot snapshot;
  if (!status.ok()) {
    if (status.error_code() == grpc::StatusCode::OUT_OF_RANGE) {
      snapshot.outcome =
          status.error_message().find("compacted") != std::string::npos ? ReadOutcome::compacted : ReadOutcome::refused;
    } else if (refusal_of(status) != Refusal::none) {
      snapshot.outcome = ReadOutcome::refused;
    }
    return snapshot;
  }
  snapshot.outcome = ReadOutcome::answered;
  snapshot.header = to_header(answer.header());
  snapshot.more = answer.more();
  snapshot.keys.reserve(static_cast<std::size_t>(answer.kvs_size()));
  for (pb::StoredKey& stored : *answer.mutable_kvs()) snapshot.keys.push_back(to_value(stored));
  return snapshot;
}

Committed to_committed(const grpc::Status& status, pb::TxnResponse& answer) {
  Committed committed;
  if (!status.ok()) {
    committed.refusal = refusal_of(status);
    if (committed.refusal != Refusal::none) committed.outcome = CommitOutcome::refused;
    return committed;
  }
  committed.outcome = answer.succeeded() ? CommitOutcome::applied : CommitOutcome::differed;
  committed.header = to_header(answer.header());
  for (pb::ResponseOp& each : *answer.mutable_responses()) {
    if (!each.has_response_range()) continue;
    for (pb::StoredKey& stored : *each.mutable_response_range()->mutable_kvs()) {
      committed.read.push_back(to_value(stored));
    }
  }
  return committed;
}

EngineState to_state(const grpc::Status& status, const pb::StatusResponse& answer) {
  EngineState state;
  state.answered = status.ok();
  if (!status.ok()) {
    state.error = status.error_message();
    return state;
  }
  state.version = answer.version();
  state.header = to_header(answer.header());
  state.database_bytes = answer.dbsize();
  state.bytes_in_use = answer.dbsizeinuse();
  state.quota_bytes = answer.dbsizequota();
  state.has_leader = answer.leader() != 0;
  for (const std::string& error : answer.errors()) {
    if (error.find("NOSPACE") != std::string::npos) state.has_no_space = true;
  }
  return state;
}

std::vector<RevisionEvents> to_revisions(pb::WatchResponse& message) {
  std::vector<RevisionEvents> revisions;
  for (pb::StoredEvent& event : *message.mutable_events()) {
    const Revision revision = event.kv().mod_revision();
    if (revisions.empty() || revisions.back().revision != revision) revisions.push_back({revision, {}});
    revisions.back().events.push_back(
        {.deleted = event.type() == pb::StoredEvent::DELETE, .now = to_value(*event.mutable_kv())});
  }
  return revisions;
}

// A call without a token has another code than one whose token is too old.
bool wants_login(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAUTHENTICATED ||
         (status.error_code() == grpc::StatusCode::INVALID_ARGUMENT &&
          status.error_message().find("user name is empty") != std::string::npos);
}

bool is_members_fault(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN: return true;
    default: return false;
  }
}

}  // namespace rollcall::cluster::etcd
