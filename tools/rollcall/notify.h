// Reports the state of the service to systemd (Type=notify services).
//
// Shape    sends a datagram to the Unix socket in NOTIFY_SOCKET. Does nothing if that is not set.
// Failure  errors are ignored: the command must run without a service manager, too.
// Source   sd_notify(3).
#pragma once

#include <string>
#include <string_view>

namespace rollcall::cli {

class Notify {
 public:
  // Removes NOTIFY_SOCKET from the environment, so that a child process does not send messages in our name.
  Notify();

  // "READY=1", "STOPPING=1"
  void tell(std::string_view state) const;

 private:
  std::string path_;
};

}  // namespace rollcall::cli
