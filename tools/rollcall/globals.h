// The global options, which every command has: servers, credentials, timeout, output format.
//
// Shape    environment variables (ROLLCALL_HTTP, ROLLCALL_DNS, ROLLCALL_TOKEN, NO_COLOR) set the defaults; options
//          override them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/http_client.h"
#include "tools/rollcall/options.h"

namespace rollcall::cli {

struct Globals {
  // One text for each registry: its nodes, separated by commas.
  std::vector<std::string> http{"http://127.0.0.1:8500"};
  std::vector<std::string> dns;  // ADDR:PORT; empty: the system's name servers
  std::string token;
  std::string token_file;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  std::string zone;  // empty: the first zone of the server
  std::chrono::milliseconds timeout{5'000};
  bool wants_json = false;
  std::string color = "auto";
};

[[nodiscard]] Globals globals_of_environment();
void declare_globals(Options& options, Globals& globals);

// The URLs of the nodes of one registry, and of all registries in their order.
[[nodiscard]] std::vector<std::string> nodes_of(std::string_view registry);
[[nodiscard]] std::vector<std::string> nodes_of(const Globals& globals);

// For calls that any of the nodes may answer: those of the first registry are asked first.
// Reads the token from its file, if there is one. Errc::invalid if it cannot be read.
[[nodiscard]] Result<client::HttpSettings> http_settings(const Globals& globals);

}  // namespace rollcall::cli
