// Keeps the roll in step with a Consul, until it is cut over: `[consul] follow`.
//
//   catalog/services, waiting ──► names ──► a line of services ──► k_follow_seats connections, each with one of them:
//   health/service, waiting ──► api::consul::Following ──► changes ──► the writer
//
// Shape    with more services than seats the waits are short, and the seats go round. Each second the services that have changed
//          here are compared again, so that a local registration takes the place of its twin.
// Owner    the server, after the writer; borrows what it is given.
// Threads  one of its own; `status` and `put_metrics`: any.
// Failure  never ends anything: while the source is away, or answers what cannot be read, what is here stays. It is asked again
//          after a pause that doubles to k_follow_again_max; the log says when it is lost and when it is back.
// Source   docs/from-consul.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/consul/follow/following.h"
#include "base/metrics.h"
#include "registry/instance/lease.h"
#include "registry/work/writer.h"

namespace rollcall::net {

struct FollowStatus {
  std::string source;       // HOST:PORT
  bool is_in_step = false;  // every service has been answered, and the last query was
  std::string why_not;      // the last failure; empty: none
  std::size_t services = 0;
  std::size_t instances = 0;
  std::uint64_t changes = 0;   // made here since the start
  std::uint64_t failures = 0;  // queries that failed, since the start
  std::vector<std::string> left_out;
};

class ConsulFollower {
 public:
  ConsulFollower(std::unique_ptr<api::consul::Following> following, registry::Writer& writer,
                 const registry::TimeSource& clock, const api::consul::SourceUrl& url, std::string token);
  ~ConsulFollower();
  ConsulFollower(const ConsulFollower&) = delete;
  ConsulFollower& operator=(const ConsulFollower&) = delete;

  void start();
  // Before the writer stops.
  void stop();
  [[nodiscard]] FollowStatus status() const;
  void put_metrics(MetricsSink& sink) const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rollcall::net
