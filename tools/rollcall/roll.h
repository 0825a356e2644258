// The roll as it is read from the HTTP API: services with their instances.
//
// Shape    values. Instances stand in the order of their ids, services in that of their names.
// Failure  Errc::unreachable where the answer is none of a registry's; else what the registry says.
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
  std::chrono::milliseconds ttl{0};         // 0: without a lease, and so is the next
  std::chrono::milliseconds expires_in{0};  // when it was read

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

// Of the answers to GET /v1/services/{service}, and to GET /v1/services: the names.
[[nodiscard]] Result<Service> parse_service(const boost::json::value& answer);
[[nodiscard]] Result<std::vector<std::string>> parse_service_names(const boost::json::value& answer);

// One that nobody knows (any more) is one without instances.
[[nodiscard]] Result<Service> read_service(Session& session, const std::string& name);
[[nodiscard]] Result<std::vector<std::string>> read_service_names(Session& session);
// All of them, in the zone of --zone.
[[nodiscard]] Result<Roll> read_roll(Session& session);

}  // namespace rollcall::cli
