// Keeps an instance on the roll: registers it, renews its lease, and takes it off again.
//
//   rollcall::Registration registration({.service = "web", .port = 8080});
//   serve();
//   registration.stop();
//
// Registries  The instance is registered with all of them, each by itself. It is in touch while one of them has
//          acknowledged within the lease.
// Rhythm   A heartbeat every third of the lease, give or take a tenth of that. One that is answered 404 registers
//          again at once. After an error the next try comes after 250 ms, then twice as long each time, up to a third
//          of the lease (at most 5 s), or when the server's Retry-After says.
// Probe    While `probe` says false no heartbeat is sent: the lease ends, and the instance leaves the answers.
// Threads  One for each registry and one for `on_touch`, all owned and joined. `stop` and the destructor may be called
//          from any thread but those of the callbacks; the other calls from any.
// Failure  The constructor throws std::invalid_argument for settings that are wrong, with a sentence; whatever a
//          registry does afterwards is in `state`.
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
  std::vector<std::string> addresses = {};  // none: the one this machine has towards the registry
  std::string id = {};                      // none: "<address>-<port>", for udp "<address>-<port>-udp"
  std::string protocol = {};                // "tcp" unless named
  std::uint16_t priority = 1;
  std::uint16_t weight = 1;
  std::vector<std::string> tags = {};
  std::map<std::string, std::string> meta = {};
  std::chrono::milliseconds lease{15'000};
  std::string zone = {};  // none: the registry's first

  // --- The registries ---
  // "http://192.0.2.53:8500", "https://registry.example". None: those of the environment variable ROLLCALL_HTTP
  // (separated by commas), else http://127.0.0.1:8500.
  std::vector<std::string> registries = {};
  std::string token = {};             // none: that of the environment variable ROLLCALL_TOKEN, if there is one
  std::string ca_file = {};           // who may sign a registry's certificate (PEM); none: the system's
  std::string certificate_file = {};  // of this client, with its key, for registries that want one (PEM)
  std::string key_file = {};

  // --- Manners ---
  std::chrono::milliseconds request_timeout{3'000};
  std::chrono::milliseconds stop_timeout{5'000};  // of the destructor
  bool drains = true;                             // `stop` leaves the answers first, and waits until no cache has it

  // Called when no registry has acknowledged for longer than the lease (false), and when one does again (true). Not for
  // the first registration. One call at a time, on a thread of its own, so it may wait; it must not throw.
  std::function<void(bool is_in_touch)> on_touch = {};

  // Asked before each heartbeat of each registry: whether the instance can serve. Called by the registries' threads, with
  // several perhaps at the same time; it may wait, and must not throw. None: it always can.
  std::function<bool()> probe = {};
  // Called when `state` has something new. By the registries' threads, as `probe`; it must not wait for `stop`.
  std::function<void()> on_change = {};
};

class [[gnu::visibility("default")]] Registration {
 public:
  // Of one registry.
  struct Registry {
    std::string url;
    bool is_registered = false;  // its last answer was an acknowledgement, less than a lease ago
    std::string id;              // as the registry has it; empty before the first acknowledgement
    std::string message;         // why not, in a sentence
  };
  struct State {
    bool is_in_touch = false;  // one registry at least has acknowledged within the lease
    std::vector<Registry> registries;
  };

  // Begins to register, and returns at once.
  explicit Registration(RegistrationSettings settings);
  // As stop(stop_timeout).
  ~Registration();
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  // Waits until a registry has acknowledged, and whether one has in this time.
  [[nodiscard]] bool wait_until_registered(std::chrono::milliseconds timeout);

  [[nodiscard]] State state() const;

  // Drains (go on serving meanwhile: clients may still come) and deregisters, everywhere, and ends the threads. True:
  // each registry has acknowledged. False: the time was over, or one could not be reached; there the lease ends by
  // itself. The second call does nothing and says the same.
  bool stop(std::chrono::milliseconds timeout);
  bool stop();

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace rollcall
