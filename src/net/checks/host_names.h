// Resolves host names with the system's resolver settings; the only user of c-ares in net.
//
// Shape    one channel on one loop. Look-ups of a name that is asked for already join it; what is found is remembered
//          for its TTL, from k_host_name_min to k_host_name_max, and so is what is not (k_host_name_min).
// Limits   k_check_host_names_max names remembered; beyond that all are forgotten.
// Owner    ends before the loop; what waits then is dropped.
// Threads  the loop's.
// Failure  Errc::invalid with a sentence that names the host; Errc::overloaded where this server lacks what a look-up
//          takes, which says nothing about the host and is not remembered.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "net/sockets/event_loop.h"

namespace rollcall::net {

class HostNames {
 public:
  using Found = std::function<void(const Result<std::vector<IpAddress>>&)>;

  explicit HostNames(EventLoop& loop);
  ~HostNames();
  HostNames(const HostNames&) = delete;
  HostNames& operator=(const HostNames&) = delete;

  // IPv4 and IPv6, in the order of RFC 6724. Called back at once when the answer is known, else later.
  void find(const std::string& host, Found found);

 private:
  class Channel;
  std::shared_ptr<Channel> channel_;
};

}  // namespace rollcall::net
