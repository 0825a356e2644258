// The roll (all services with their instances), read from the HTTP API.
//
// Shape    value types. Instances are sorted by id, services by name.
// Threads  value types; the read functions block, on the main thread.
// Failure  Errc::unreachable if the answer is not from a registry; otherwise the error that the registry returned.
// Source   interface.md §2 and §4; docs/http.md "Read".
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::cli {

struct Instance {
  std::string id;
  std::string label;
  std::string status;  // "ready", "draining", "critical"
  std::vector<std::string> addresses;
  std::uint16_t port = 0;
  std::string protocol;
  std::uint16_t priority = 1;
  std::uint16_t weight = 1;
  std::vector<std::string> tags;
  std::map<std::string, std::string> meta;
  std::chrono::milliseconds ttl{0};         // 0: no lease; the same for expires_in
  std::chrono::milliseconds expires_in{0};  // time left when it was read

  bool operator==(const Instance&) const = default;
};

struct Service {
  std::string name;
  std::string zone;
  std::uint64_t index = 0;
  std::vector<Instance> instances;

  bool operator==(const Service&) const = default;
};

using Roll = std::map<std::string, Service, std::less<>>;  // by name; of one zone

class Session;

// Parse the answers to GET /v1/services/{service}, and to GET /v1/services (the names).
[[nodiscard]] Result<Service> parse_service(const boost::json::value& answer);
[[nodiscard]] Result<std::vector<std::string>> parse_service_names(const boost::json::value& answer);

// A service that the registry does not know is returned with no instances.
[[nodiscard]] Result<Service> read_service(Session& session, const std::string& name);
[[nodiscard]] Result<std::vector<std::string>> read_service_names(Session& session);
// All services, in the zone of --zone.
[[nodiscard]] Result<Roll> read_roll(Session& session);

}  // namespace rollcall::cli
