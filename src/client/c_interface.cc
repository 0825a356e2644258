#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "client/text_list.h"
#include "rollcall/registration.h"
#include "rollcall/resolver.h"
#include "rollcall/rollcall.h"

using rollcall::Choice;
using rollcall::Endpoint;
using rollcall::Policy;
using rollcall::Registration;
using rollcall::RegistrationSettings;
using rollcall::Resolver;
using rollcall::ResolverSettings;

// NOLINTBEGIN(readability-identifier-naming): C naming style
struct rollcall_resolver {
  Resolver resolver;
};
struct rollcall_registration {
  Registration registration;
};
// NOLINTEND(readability-identifier-naming)

namespace {

void copy_text(std::string_view text, char* room, std::size_t size) {
  if (room == nullptr || size == 0) return;
  const std::size_t taken = std::min(text.size(), size - 1);
  std::memcpy(room, text.data(), taken);
  room[taken] = '\0';
}

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

// Catches C++ exceptions: they must not cross the C boundary. Returns NULL instead, with the message in `error`.
template <class T, class Make>
T* made_or_null(char* error, std::size_t error_size, const Make& make) {
  try {
    return make();
  } catch (const std::exception& failure) {
    copy_text(failure.what(), error, error_size);
    return nullptr;
  }
}

// Target and port only: they identify an endpoint.
Endpoint endpoint_of(const rollcall_endpoint& endpoint) {
  Endpoint made;
  made.target = endpoint.target;
  made.port = endpoint.port;
  return made;
}

}  // namespace

rollcall_resolver* rollcall_resolver_new(const char* servers, char* error, size_t error_size) {
  return made_or_null<rollcall_resolver>(error, error_size, [&] {
    ResolverSettings settings;
    if (servers != nullptr) settings.servers = rollcall::client::split_list(servers);
    return new rollcall_resolver{Resolver(settings)};
  });
}

void rollcall_resolver_free(rollcall_resolver* resolver) { delete resolver; }

rollcall_status rollcall_pick(rollcall_resolver* resolver, const char* name, rollcall_policy policy, const char* key,
                              rollcall_endpoint* endpoint, char* error, size_t error_size) {
  const Choice choice =
      resolver->resolver.pick(text_of(name), {.policy = static_cast<Policy>(policy), .key = text_of(key)});
  if (!choice) {
    copy_text(choice.message, error, error_size);
    return static_cast<rollcall_status>(choice.status);
  }
  copy_text(choice.endpoint.address(), endpoint->address, sizeof endpoint->address);
  copy_text(choice.endpoint.target, endpoint->target, sizeof endpoint->target);
  endpoint->port = choice.endpoint.port;
  endpoint->is_stale = choice.is_stale ? 1 : 0;
  return rollcall_found;
}

void rollcall_report_failure(rollcall_resolver* resolver, const char* name, const rollcall_endpoint* endpoint) {
  resolver->resolver.report_failure(text_of(name), endpoint_of(*endpoint));
}

void rollcall_report_success(rollcall_resolver* resolver, const char* name, const rollcall_endpoint* endpoint) {
  resolver->resolver.report_success(text_of(name), endpoint_of(*endpoint));
}

void rollcall_report_load(rollcall_resolver* resolver, const char* name, const rollcall_endpoint* endpoint,
                          double load) {
  resolver->resolver.report_load(text_of(name), endpoint_of(*endpoint), load);
}

rollcall_registration* rollcall_registration_start(const char* service, uint16_t port, const char* id,
                                                   uint32_t lease_ms, char* error, size_t error_size) {
  return made_or_null<rollcall_registration>(error, error_size, [&] {
    RegistrationSettings settings;
    settings.service = text_of(service);
    settings.port = port;
    settings.id = text_of(id);
    if (lease_ms != 0) settings.lease = std::chrono::milliseconds(lease_ms);
    return new rollcall_registration{Registration(std::move(settings))};
  });
}

int rollcall_registration_is_in_touch(const rollcall_registration* registration) {
  return registration->registration.state().is_in_touch ? 1 : 0;
}

int rollcall_registration_stop(rollcall_registration* registration, uint32_t timeout_ms) {
  if (registration == nullptr) return 1;
  const std::unique_ptr<rollcall_registration> owned(registration);
  return owned->registration.stop(std::chrono::milliseconds(timeout_ms)) ? 1 : 0;
}
