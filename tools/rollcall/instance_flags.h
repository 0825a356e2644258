// What an instance is, as options: shared by `register`, `heartbeat` and `run`.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/http_client.h"
#include "client/registrar.h"
#include "client/wake_up.h"
#include "tools/rollcall/globals.h"
#include "tools/rollcall/options.h"

namespace rollcall::cli {

struct InstanceFlags {
  std::vector<std::string> addresses;  // none: the one this machine has towards the registry
  std::optional<std::string> id;
  std::optional<std::string> protocol;
  std::optional<std::uint64_t> priority;
  std::optional<std::uint64_t> weight;
  std::vector<std::string> tags;
  std::vector<std::string> meta;  // KEY=VALUE
  std::optional<std::chrono::milliseconds> ttl;
};

// All but the service's name and the port.
void declare_instance(Options& options, InstanceFlags& flags);

// The body of a registration, without `address` where none was given. Errc::start_up: --meta is no KEY=VALUE.
[[nodiscard]] Result<boost::json::object> registration_of(const InstanceFlags& flags, const std::string& service,
                                                          std::uint64_t port, const std::string& zone);

// How a registrar keeps this instance on the roll; `news` is called when its state changes, and outlives it. Errc::start_up,
// as above, or a URL that cannot be used.
[[nodiscard]] Result<client::RegistrarSettings> registrar_settings(const Globals& globals, const InstanceFlags& flags,
                                                                   const std::string& service, std::uint64_t port,
                                                                   const client::WakeUp& news);
// A client of its own for a registrar's thread.
[[nodiscard]] Result<client::HttpClient> open_client(const Globals& globals);

}  // namespace rollcall::cli
