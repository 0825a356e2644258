// The client library from C, and from languages that call C: choose an endpoint, report what became of it, stay on the roll.
//
// Shape    what needs a callback or a structure that grows is left to C++ (resolver.h, registration.h), which explains
//          what is behind each of these.
// Threads  as of the classes behind them: every call from any thread, but `_free` while none is under way.
// Failure  a sentence is written to `error`, cut to `error_size` octets with its final zero; both may be 0.
// Owner    whoever has called `_new` or `_start` calls `_free` or `_stop`, once. NULL is allowed there.
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
  int is_stale;       // the last good answer: nobody has confirmed it since
} rollcall_endpoint;

// `servers` as ROLLCALL_DNS ("192.0.2.53:8600,192.0.2.54:8600"); NULL: from the environment, or /etc/resolv.conf. NULL
// for settings that are wrong, and when the system refuses a thread.
rollcall_resolver* rollcall_resolver_new(const char* servers, char* error, size_t error_size);
void rollcall_resolver_free(rollcall_resolver* resolver);

// `key` is that of rollcall_consistent_hash, else NULL. `endpoint` is written when the status is rollcall_found.
rollcall_status rollcall_pick(rollcall_resolver* resolver, const char* name, rollcall_policy policy, const char* key,
                              rollcall_endpoint* endpoint, char* error, size_t error_size);
void rollcall_report_failure(rollcall_resolver* resolver, const char* name, const rollcall_endpoint* endpoint);
void rollcall_report_success(rollcall_resolver* resolver, const char* name, const rollcall_endpoint* endpoint);
void rollcall_report_load(rollcall_resolver* resolver, const char* name, const rollcall_endpoint* endpoint,
                          double load);

// Begins to register, and returns at once. `id` may be NULL; `lease_ms` 0 is 15 s. The registries are those of
// ROLLCALL_HTTP, the token that of ROLLCALL_TOKEN. NULL for settings that are wrong.
rollcall_registration* rollcall_registration_start(const char* service, uint16_t port, const char* id,
                                                   uint32_t lease_ms, char* error, size_t error_size);
// Whether a registry has acknowledged within the lease.
int rollcall_registration_is_in_touch(const rollcall_registration* registration);
// Drains, deregisters and frees. 1: each registry has acknowledged; 0: the lease ends by itself.
int rollcall_registration_stop(rollcall_registration* registration, uint32_t timeout_ms);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
