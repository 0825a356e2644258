// Connection settings for the shared store (etcd): endpoints, TLS and login.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cluster/timing.h"

namespace rollcall::cluster {

// Shape    endpoints as `host:port`, `http://host:port` or `https://host:port`, all of one kind; certificates and the key are
//          PEM text; `user` empty: no log-in. `tell`: a line for the log, from any thread; null: nobody listens.
struct EngineSettings {
  std::vector<std::string> endpoints;  // one at least; the first is asked first
  std::string authorities = {};        // of the server's certificate; empty: the system's
  std::string certificate = {};        // ours; with `private_key`
  std::string private_key = {};
  std::string user = {};
  std::string password = {};
  milliseconds call_deadline{3'000};  // then the outcome of a call is unknown
  seconds session = k_session;
  void (*tell)(const char* sentence) = nullptr;
};

}  // namespace rollcall::cluster
