// The members of the etcd cluster that we know, and which of them is asked.
//
// Shape    one channel, to one member; the next one when that fails. A token of the log-in serves all members.
// Owner    the engine. A Member lives as long as a call that uses it.
// Threads  any.
#pragma once

#include <cstddef>
#include <etcd.grpc.pb.h>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "cluster/engine_settings.h"

namespace rollcall::cluster::etcd {

namespace pb = etcdserverpb;

struct Member {
  Member(std::string its_endpoint, const std::shared_ptr<grpc::Channel>& channel);
  std::string endpoint;
  std::unique_ptr<pb::KV::Stub> kv;
  std::unique_ptr<pb::Watch::Stub> watch;
  std::unique_ptr<pb::Lease::Stub> lease;
  std::unique_ptr<pb::Maintenance::Stub> maintenance;
  std::unique_ptr<pb::Auth::Stub> auth;
};

class Members {
 public:
  // Errc::start_up: what is wrong with the settings.
  [[nodiscard]] static Result<std::unique_ptr<Members>> make(const EngineSettings& settings);

  [[nodiscard]] std::shared_ptr<Member> current();
  void move_on(const Member& from);  // nothing when another is asked by now

  // The token, and a deadline where there is one; every call gets its context from here.
  void prepare(grpc::ClientContext& context, milliseconds deadline);
  void set_token(std::string token);
  [[nodiscard]] bool logs_in() const { return !settings_.user.empty(); }
  [[nodiscard]] const EngineSettings& settings() const { return settings_; }

 private:
  Members(const EngineSettings& settings, std::vector<std::string> addresses,
          std::shared_ptr<grpc::ChannelCredentials> credentials);
  [[nodiscard]] std::shared_ptr<Member> connect() const;

  const EngineSettings settings_;
  const std::vector<std::string> addresses_;  // without the scheme
  const std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::mutex mutex_;  // of what follows
  std::size_t asked_ = 0;
  std::shared_ptr<Member> member_;
  std::string token_;
};

}  // namespace rollcall::cluster::etcd
