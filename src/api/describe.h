// What the API shows of the roll, as JSON.
//
// Shape    interface.md §4. Remaining times are whole milliseconds, rounded down, never negative.
// Threads  instances and services under a rcu::ReadLock.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_writer.h"
#include "registry/registry.h"

namespace rollcall::api {

// A registration, renewed or applied; texts are borrowed for the call.
struct RegistrationView {
  std::string_view service;
  std::string_view zone;
  std::string_view id;
  registry::Protocol protocol;
  std::chrono::milliseconds ttl;
  std::string_view label;
  registry::Status status;
  registry::LeaseTime expires_at;
  registry::ChangeIndex index;
};

// An instance on the roll, as it was renewed.
[[nodiscard]] RegistrationView view_of(const registry::Instance& instance, std::string_view zone,
                                       registry::LeaseTime expires_at);

// `{"service","zone","id","label","status","ttl_ms","expires_in_ms","index","dns":{"address","srv","instance"}}`
[[nodiscard]] std::string describe_registration(const RegistrationView& view, registry::LeaseTime now);

// The same without "dns": what a bare heartbeat is answered with.
[[nodiscard]] std::string describe_lease(const RegistrationView& view, registry::LeaseTime now);

// An instance with all its fields.
void describe_instance(JsonWriter& json, const registry::Instance& instance, std::string_view zone,
                       registry::LeaseTime now);

// A line of the list of services; counts and tags are those of its live instances.
void describe_service(JsonWriter& json, const registry::Service& service, std::string_view zone,
                      registry::LeaseTime now);

// "2026-01-31T09:30:00.250Z" (RFC 3339).
[[nodiscard]] std::string format_wall_time(registry::WallTime time);

}  // namespace rollcall::api
