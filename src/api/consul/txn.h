// PUT /v1/txn: operations on keys, done as a whole or not at all.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h); 409 with JSON where an operation was refused.
// Source   docs/consul-kv.md.
#pragma once

#include "api/door.h"
#include "api/route.h"
#include "kv/limits.h"
#include "kv/operation.h"

namespace rollcall::api::consul {

[[nodiscard]] Routed run_transaction(const Call& call);

// The body of such a call. Errc::malformed, Errc::invalid, Errc::overloaded for too many operations or too large a value.
[[nodiscard]] Result<kv::Transaction> parse_transaction(std::string_view body);

// One that only reads needs no right to write: the handler looks.
inline constexpr Route k_txn_routes[] = {{Method::put,
                                          "/v1/txn",
                                          Right::read,
                                          &run_transaction,
                                          Effect::change,
                                          {.answer = AnswerSize::any, .body_bytes_max = kv::k_transaction_bytes_max}}};

}  // namespace rollcall::api::consul
