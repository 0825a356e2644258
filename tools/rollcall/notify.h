// Tells the service manager that has started us how far we are (Type=notify of systemd).
//
// Shape    a datagram to the socket that NOTIFY_SOCKET names; without one, or when nobody takes it, nothing happens.
// Source   sd_notify(3).
#pragma once

#include <string>
#include <string_view>

namespace rollcall::cli {

class Notify {
 public:
  // Takes NOTIFY_SOCKET out of the environment: what a child would say is not about us.
  Notify();

  // "READY=1", "STOPPING=1"
  void tell(std::string_view state) const;

 private:
  std::string path_;
};

}  // namespace rollcall::cli
