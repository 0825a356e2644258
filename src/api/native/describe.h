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

#include "json/writer.h"
#include "registry/registry.h"

namespace rollcall::api::native {

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
void describe_instance(json::Writer& json, const registry::Instance& instance, std::string_view zone,
                       registry::LeaseTime now);

// A line of the list of services; counts and tags are those of its live instances.
void describe_service(json::Writer& json, const registry::Service& service, std::string_view zone,
                      registry::LeaseTime now);

}  // namespace rollcall::api::native
