// Options that describe an instance: shared by `register`, `heartbeat` and `run`.
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
  std::vector<std::string> addresses;  // empty: the local address that routes to the registry
  std::optional<std::string> id;
  std::optional<std::string> protocol;
  std::optional<std::uint64_t> priority;
  std::optional<std::uint64_t> weight;
  std::vector<std::string> tags;
  std::vector<std::string> meta;  // KEY=VALUE
  std::optional<std::chrono::milliseconds> ttl;
  // What the server asks of the instance (docs/checks.md).
  std::vector<std::string> checks;  // "tcp", "http:/path" or a JSON object
  std::string probe;                // the same; empty: none
  std::string initial;
  std::optional<std::uint64_t> rise;
  std::optional<std::uint64_t> fall;
};

// Declares all of them. The service name and the port are declared by the commands.
void declare_instance(Options& options, InstanceFlags& flags);

// The checks; with --probe where the command has no probe of its own.
enum class HasOwnProbe : std::uint8_t { no, yes };
void declare_checks(Options& options, InstanceFlags& flags, HasOwnProbe has_own);

// Warns where the instance would be registered at an address that leads only from this machine to itself.
class Session;
void warn_of_loopback(const Session& session, const InstanceFlags& flags);

// The JSON body of a registration; no `address` if none was given. Errc::start_up if --meta is not KEY=VALUE.
[[nodiscard]] Result<boost::json::object> registration_of(const InstanceFlags& flags, const std::string& service,
                                                          std::uint64_t port, const std::string& zone);

// The settings of a Registrar for this instance, for each registry. `news` is called when a state changes, and must
// outlive them. Fails with Errc::start_up as above, or if a URL is invalid.
[[nodiscard]] Result<std::vector<client::RegistrarSettings>> registrar_settings(const Globals& globals,
                                                                                const InstanceFlags& flags,
                                                                                const std::string& service,
                                                                                std::uint64_t port,
                                                                                const client::WakeUp& news);
// Opens a client for the thread of each Registrar, in the same order.
[[nodiscard]] Result<std::vector<client::HttpClient>> open_clients(const Globals& globals);

}  // namespace rollcall::cli
