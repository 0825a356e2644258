// C interface of the client library, for C and for languages that call C: resolve a service to an endpoint, report the
// result of using it, register an instance.
//
// Shape    a subset of the C++ interface: functions that need callbacks or growing structures exist only in C++. See
//          resolver.h and registration.h for what each function does.
// Owner    the caller owns what `_new` and `_start` return, and calls `_free` or `_stop` on it once. NULL is allowed
//          there.
// Threads  thread-safe: every call is allowed from any thread. Call `_free` or `_stop` only when no other call on the
//          object is running.
// Failure  `error` receives a message, truncated to `error_size` octets including the final zero; `error` may be NULL
//          and `error_size` 0. `_new` and `_start` catch C++ exceptions and return NULL.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef struct rollcall_resolver rollcall_resolver;
typedef struct rollcall_registration rollcall_registration;

typedef enum {
  rollcall_found,
  rollcall_no_endpoints,
  rollcall_unknown_name,
  rollcall_unreachable,
  rollcall_all_failed
} rollcall_status;

typedef enum {
  rollcall_weighted,
  rollcall_round_robin,
  rollcall_least_recently_failed,
  rollcall_consistent_hash,
  rollcall_two_choices
} rollcall_policy;

typedef struct {
  char address[46];   // "192.0.2.1", "2001:db8::1"
  uint16_t port;      //
  char target[1016];  // the target of the SRV record, in presentation form
  int is_stale;       // 1: the answer is older than its TTL; no server has confirmed it
} rollcall_endpoint;

// `servers` has the format of ROLLCALL_DNS ("192.0.2.53:8600,192.0.2.54:8600"). NULL: use ROLLCALL_DNS, or else
// /etc/resolv.conf. Returns NULL for invalid settings, or when the system cannot start a thread.
rollcall_resolver* rollcall_resolver_new(const char* servers, char* error, size_t error_size);
void rollcall_resolver_free(rollcall_resolver* resolver);

// `key` is the hash key for rollcall_consistent_hash; NULL for other policies. `endpoint` is written only if the
// function returns rollcall_found.
rollcall_status rollcall_pick(rollcall_resolver* resolver, const char* name, rollcall_policy policy, const char* key,
                              rollcall_endpoint* endpoint, char* error, size_t error_size);
void rollcall_report_failure(rollcall_resolver* resolver, const char* name, const rollcall_endpoint* endpoint);
void rollcall_report_success(rollcall_resolver* resolver, const char* name, const rollcall_endpoint* endpoint);
void rollcall_report_load(rollcall_resolver* resolver, const char* name, const rollcall_endpoint* endpoint,
                          double load);

// Starts to register in the background, and returns at once. `id` may be NULL; `lease_ms` 0 means 15 s. The registry
// (its nodes, separated by commas) and the token come from ROLLCALL_HTTP and ROLLCALL_TOKEN. Returns NULL for invalid settings.
rollcall_registration* rollcall_registration_start(const char* service, uint16_t port, const char* id,
                                                   uint32_t lease_ms, char* error, size_t error_size);
// 1: at least one registry has acknowledged within the lease.
int rollcall_registration_is_in_touch(const rollcall_registration* registration);
// Drains, deregisters and frees. Returns 1 if every registry has acknowledged; 0 if not: the lease then expires by
// itself.
int rollcall_registration_stop(rollcall_registration* registration, uint32_t timeout_ms);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
