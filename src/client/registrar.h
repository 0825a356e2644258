// Keeps an instance registered with one registry, and takes it off again.
//
// Threads  one of its own, which the destructor ends and joins; `begin_leaving`, `wait_until_left` and `state` from any.
// Failure  whatever the registry does is in `state`, and the next try comes (see rhythm.h).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "client/base_url.h"
#include "client/http_client.h"
#include "client/rhythm.h"
#include "client/touch.h"
#include "rollcall/registration.h"

namespace rollcall::client {

class Registrar {
 public:
  using Time = Touch::Time;

  // The settings and the Touch outlive it.
  Registrar(const RegistrationSettings& settings, std::string url, BaseUrl base, HttpClient http, Touch& touch);
  ~Registrar();
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  // Stops the heartbeats; drains and deregisters until `deadline`.
  void begin_leaving(Time deadline);
  // Whether it has left by its deadline; what is under way then is ended.
  bool wait_until_left();

  [[nodiscard]] Registration::Registry state(Time now) const;

 private:
  struct State {
    bool is_leaving = false;
    Time leave_by{};
    bool is_over = false;   // nothing more is going to happen
    bool has_left = false;  // the registry does not have it, as far as it has told
    std::string id;         // as the registry has it; empty: it has not
    Time acknowledged_until{};
    std::string message;
  };

  void run();
  std::chrono::milliseconds beat();
  [[nodiscard]] bool is_leaving() const;
  [[nodiscard]] Result<std::vector<std::string>> addresses() const;
  std::chrono::milliseconds note_acknowledged(Time sent, const std::string& body);
  std::chrono::milliseconds note_error(std::string message, std::chrono::milliseconds retry_after = {});
  // False: it is time to leave.
  bool stay_for(std::chrono::milliseconds wait);
  bool leave();
  void drain(Time deadline);
  [[nodiscard]] HttpRequest request(std::string method, const std::string& id, const std::string& action) const;
  [[nodiscard]] std::string known_id() const;

  const RegistrationSettings& settings_;
  std::string url_;
  BaseUrl base_;
  HttpClient http_;
  Touch& touch_;
  std::atomic<bool> is_stopped_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_;
  Rhythm rhythm_;  // the thread's own, as what follows
  Rhythm::Random random_;
  std::thread thread_;
};

}  // namespace rollcall::client
