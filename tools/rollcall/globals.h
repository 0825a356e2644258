// What every command takes: whom to ask, as whom, for how long, and how to print.
//
// Shape    the environment (ROLLCALL_HTTP, ROLLCALL_DNS, ROLLCALL_TOKEN, NO_COLOR) gives the defaults, options beat it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/http_client.h"
#include "tools/rollcall/options.h"

namespace rollcall::cli {

struct Globals {
  std::vector<std::string> http{"http://127.0.0.1:8500"};
  std::vector<std::string> dns;  // ADDR:PORT; empty: what the system's resolver knows
  std::string token;
  std::string token_file;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  std::string zone;  // empty: the server's first
  std::chrono::milliseconds timeout{5'000};
  bool wants_json = false;
  std::string color = "auto";
};

[[nodiscard]] Globals globals_of_environment();
void declare_globals(Options& options, Globals& globals);

// With the token read from its file. Errc::invalid: it cannot be.
[[nodiscard]] Result<client::HttpSettings> http_settings(const Globals& globals);

}  // namespace rollcall::cli
