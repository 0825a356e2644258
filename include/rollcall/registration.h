// Registers a service instance with the registry, renews its lease with heartbeats, and deregisters it at the end.
//
//   rollcall::Registration registration({.service = "web", .port = 8080});
//   serve();
//   registration.stop();
//
// Shape    A registry may have several nodes (a cluster): if one is unreachable, silent or answers 503, the next one is
//          asked within the same heartbeat interval, and the one that answers is kept. With several registries, which
//          know nothing of each other, the instance is registered with each of them independently. It is "in touch"
//          while at least one registry has acknowledged a call within the lease time.
// Time     Heartbeat interval: a third of the lease, with 10 % random jitter. If the registry answers 404, the client
//          registers again at once. After an error it retries with exponential back-off: 250 ms first, then twice as
//          long each time, up to a third of the lease (at most 5 s); a longer Retry-After of the server is respected.
// Probe    While the health check `probe` returns false, no heartbeat is sent: the lease expires, and DNS answers no
//          longer contain the instance.
// Owner    The object owns its threads, and joins them in `stop` or in the destructor.
// Threads  One thread for each registry, and one for `on_touch`. Do not call `stop` or the destructor from a callback;
//          all other calls are allowed from any thread.
// Failure  The constructor throws std::invalid_argument, with a message, for invalid settings. Later errors of a
//          registry are not thrown: they are in `state`.
// Language C++20.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rollcall {

struct RegistrationSettings {
  // --- The instance ---
  std::string service = {};                 // required: a DNS label
  std::uint16_t port = 0;                   // required
  std::vector<std::string> addresses = {};  // empty: the local address that routes to the registry
  std::string id = {};                      // empty: "<address>-<port>", for udp "<address>-<port>-udp"
  std::string protocol = {};                // empty: "tcp"
  std::uint16_t priority = 1;
  std::uint16_t weight = 1;
  std::vector<std::string> tags = {};
  std::map<std::string, std::string> meta = {};
  std::chrono::milliseconds lease{15'000};
  std::string zone = {};  // empty: the first zone of the registry

  // --- The registries ---
  // One text for each registry: "http://192.0.2.53:8500", "https://registry.example". The nodes of one registry are
  // separated by commas: "http://192.0.2.53:8500,http://192.0.2.54:8500". Empty: the one registry that the environment
  // variable ROLLCALL_HTTP names in the same way; if that is not set, http://127.0.0.1:8500.
  std::vector<std::string> registries = {};
  std::string token = {};             // bearer token; empty: the environment variable ROLLCALL_TOKEN, if set
  std::string ca_file = {};           // CA certificates to verify the registry with (PEM); empty: the system's
  std::string certificate_file = {};  // client certificate and key for mutual TLS (PEM)
  std::string key_file = {};

  // --- Behaviour ---
  std::chrono::milliseconds request_timeout{3'000};
  std::chrono::milliseconds stop_timeout{5'000};  // used by stop() without argument and by the destructor
  bool drains = true;                             // `stop` first drains: waits until no DNS cache holds the instance

  // Called with false when no registry has acknowledged for longer than the lease, and with true when one does again.
  // Not called for the first registration. Called on its own thread, one call at a time. It may block; it must not
  // throw.
  std::function<void(bool is_in_touch)> on_touch = {};

  // Health check: returns whether the instance can serve. Called before each heartbeat to each registry, on the threads
  // of the registries; with several registries, calls may overlap. It may block; it must not throw. Empty: always
  // healthy.
  std::function<bool()> probe = {};
  // Called when `state` has changed, on the same threads as `probe`. It must not wait for `stop`: that is a deadlock.
  std::function<void()> on_change = {};
};

class [[gnu::visibility("default")]] Registration {
 public:
  // The registration state with one registry.
  struct Registry {
    std::string url;             // as in the settings: all nodes
    bool is_registered = false;  // it acknowledged the last call, less than one lease ago
    std::string id;              // the id the registry assigned; empty before the first acknowledgement
    std::string message;         // the error, as a sentence
  };
  struct State {
    bool is_in_touch = false;  // at least one registry acknowledged within the lease
    std::vector<Registry> registries;
  };

  // Starts to register in the background, and returns at once.
  explicit Registration(RegistrationSettings settings);
  // Calls stop(stop_timeout).
  ~Registration();
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  // Blocks until a registry has acknowledged, or until the timeout. Returns whether the instance is registered.
  [[nodiscard]] bool wait_until_registered(std::chrono::milliseconds timeout);

  [[nodiscard]] State state() const;

  // Graceful shutdown: drains the instance (keep serving until this returns: clients may still connect), deregisters it
  // from every registry, and ends the threads. Returns true if every registry has acknowledged. Returns false on
  // timeout, or if a registry was unreachable; the lease then expires by itself. A second call does nothing and returns
  // the same value.
  bool stop(std::chrono::milliseconds timeout);
  bool stop();

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace rollcall
