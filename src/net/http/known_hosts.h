// Which host names a request may have: the defence against DNS rebinding.
//
// A web page lets its own name point at this machine; its visitor's browser then sends the page's requests here, and gives
// the answers to the page as its own. The Host field tells: it has the page's name. Credentials keep such pages out, so
// that without any configured the name must be known to be ours.
//
// Owner    the server; outlives the sessions.
// Threads  any.
// Source   RFC 9110 §7.2 (Host), §15.5.20 (421); RFC 9112 §3.2.2: a target in absolute form counts instead of the field.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/message.h"
#include "base/guarded.h"

namespace rollcall::net {

// Names are in lower case; "*.example.net" stands for one label.
struct HostRules {
  bool has_credentials = false;     // then nothing is checked
  std::vector<std::string> listed;  // by the settings; any: listeners besides those of loopback are checked too
  std::vector<std::string> own;     // of this machine and its certificate

  [[nodiscard]] bool check(bool is_loopback_listener) const {
    return !has_credentials && (is_loopback_listener || !listed.empty());
  }
  // An IP address, a name of the two lists, or nothing, which no browser sends; with or without a port.
  [[nodiscard]] bool know(std::string_view authority) const;
};

class KnownHosts {
 public:
  explicit KnownHosts(HostRules rules) : rules_(std::make_shared<const HostRules>(std::move(rules))) {}

  // For requests from now on, also on connections that are open.
  void replace(HostRules rules);
  [[nodiscard]] std::shared_ptr<const HostRules> current() const;
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  Guarded<std::shared_ptr<const HostRules>> rules_;
  std::atomic<std::uint64_t> generation_{1};
};

// One for each connection: remembers the last name that was known.
class HostCheck {
 public:
  // `hosts`: null in tests; nothing is checked then.
  HostCheck(const KnownHosts* hosts, bool is_loopback_listener)
      : hosts_(hosts), is_loopback_listener_(is_loopback_listener) {}

  // The 421 for a request that names an unknown host; empty: it may be answered.
  [[nodiscard]] std::optional<api::Response> refuse(const api::Request& request);

 private:
  const KnownHosts* hosts_;
  bool is_loopback_listener_;
  std::uint64_t generation_ = 0;  // 0: no rules seen yet
  std::shared_ptr<const HostRules> rules_;
  std::string known_;  // empty: none yet
};

}  // namespace rollcall::net
