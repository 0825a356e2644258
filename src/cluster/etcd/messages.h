// Between the port's values (engine.h) and etcd's messages. Pure.
#pragma once

#include <etcd.pb.h>
#include <grpcpp/support/status.h>
#include <vector>

#include "cluster/engine.h"

namespace rollcall::cluster::etcd {

namespace pb = etcdserverpb;

[[nodiscard]] pb::RangeRequest to_request(const Reading& reading);
// `lease`: of puts that go with the session.
[[nodiscard]] pb::TxnRequest to_request(const Transaction& transaction, LeaseNumber lease);

[[nodiscard]] Header to_header(const pb::ResponseHeader& header);
[[nodiscard]] Snapshot to_snapshot(const grpc::Status& status, pb::RangeResponse& answer);
[[nodiscard]] Committed to_committed(const grpc::Status& status, pb::TxnResponse& answer);
[[nodiscard]] EngineState to_state(const grpc::Status& status, const pb::StatusResponse& answer);
// The events of one message, by revision, in order. The message holds whole revisions, because fragments are not asked for.
[[nodiscard]] std::vector<RevisionEvents> to_revisions(pb::WatchResponse& message);

// Whether the call was certainly refused before anything was done, because whoever calls has no token, or an old one.
[[nodiscard]] bool wants_login(const grpc::Status& status);
// Whether another member may do better.
[[nodiscard]] bool is_members_fault(const grpc::Status& status);

}  // namespace rollcall::cluster::etcd
