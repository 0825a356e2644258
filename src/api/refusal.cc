#include "api/refusal.h"

#include "base/check.h"
#include "base/log.h"

namespace rollcall::api {
namespace {

struct Kind {
  unsigned status;
  std::string_view code;
};

Kind kind_of(const Error& error) {
  switch (error.code) {
    case Errc::invalid: return {400, error.field.empty() ? "invalid_request" : "invalid_field"};  // §15.5.1
    case Errc::malformed: return {400, "bad_json"};                                               // §15.5.1
    case Errc::unknown_zone: return {404, "unknown_zone"};                                        // §15.5.5
    case Errc::unknown_service: return {404, "unknown_service"};                                  // §15.5.5
    case Errc::unknown_instance: return {404, "unknown_instance"};                                // §15.5.5
    case Errc::conflict: return {409, "conflict"};                                                // §15.5.10
    case Errc::store_busy: return {503, "store_busy"};                                            // §15.6.4
    case Errc::store_failed: return {503, "store_failed"};                                        // §15.6.4
    case Errc::overloaded: return {503, "overloaded"};                                            // §15.6.4
    case Errc::not_in_charge: return {503, "ask_another_node"};                                   // §15.6.4
    case Errc::unauthenticated: return {401, "unauthenticated"};                                  // §15.5.2
    case Errc::forbidden: return {403, "forbidden"};                                              // §15.5.4
    case Errc::start_up:
    case Errc::put_first:
    case Errc::unreachable: break;  // never reach a client
  }
  return {500, "internal"};  // §15.6.1
}

Kind kind_of(Fault fault) {
  switch (fault) {
    case Fault::bad_target: return {400, "bad_target"};                            // §15.5.1
    case Fault::no_such_path: return {404, "no_such_path"};                        // §15.5.5
    case Fault::method_not_allowed: return {405, "method_not_allowed"};            // §15.5.6
    case Fault::body_too_large: return {413, "body_too_large"};                    // §15.5.14
    case Fault::unsupported_media: return {415, "unsupported_media_type"};         // §15.5.16
    case Fault::not_ready: return {503, "not_ready"};                              // §15.6.4
    case Fault::bad_request: return {400, "bad_request"};                          // RFC 9112 §2.2
    case Fault::target_too_long: return {414, "target_too_long"};                  // §15.5.15; RFC 9112 §3
    case Fault::header_too_large: return {431, "header_too_large"};                // RFC 6585 §5
    case Fault::unknown_transfer_coding: return {501, "unknown_transfer_coding"};  // RFC 9112 §6.1
    case Fault::outcome_unknown: return {503, "outcome_unknown"};                  // §15.6.4
    case Fault::history_too_slow: return {503, "history_too_slow"};                // §15.6.4
    case Fault::answer_too_slow: return {503, "overloaded"};                       // §15.6.4
    case Fault::not_everywhere: return {503, "not_everywhere"};                    // §15.6.4
  }
  return {500, "internal"};
}

Refusal build(Kind kind, std::string detail, std::string field) {
  check(kind.status >= 400 && kind.status < 600, "a refusal has the status of an error");
  Refusal refusal{kind.status, kind.code, std::move(detail), std::move(field), {}};
  if (kind.status == 503) refusal.headers.emplace_back("Retry-After", "1");  // RFC 9110 §10.2.3
  if (kind.status == 401) {                                                  // RFC 9110 §11.6.1, RFC 6750 §3
    refusal.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"rollcall\"");
  }
  return refusal;
}

}  // namespace

Refusal refusal_of(const Error& error) {
  const Kind kind = kind_of(error);
  if (error.code == Errc::store_busy || error.code == Errc::store_failed || kind.status == 500) {
    log::warn("answered {} {}: {}", kind.status, kind.code, error.message);
  } else {
    log::debug("answered {} {}: {}", kind.status, kind.code, error.message);
  }
  return build(kind, error.message, error.field);
}

Refusal refusal_of(Fault fault, std::string detail) {
  const Kind kind = kind_of(fault);
  log::debug("answered {} {}: {}", kind.status, kind.code, detail);
  return build(kind, std::move(detail), {});
}

}  // namespace rollcall::api
