// What the calls of keys, sessions, transactions and prepared queries share: rights, changes, and reads that wait.
//
// Rights   keys, sessions and queries are not of one service: they take a grant over all services of the first zone.
// Shape    a read is a topic, and a function that takes what it needs from a View, under the View's lock, and returns another
//          one that makes the response of it, outside the lock.
// Threads  inside the router's ReadLock; what outlives the call copies.
// Source   docs/consul-kv.md.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/consul/responses.h"
#include "api/door.h"
#include "kv/key_values.h"

namespace rollcall::api::consul {

// Null where there is no store (`[consul] kv = false`): reads find nothing, and changes are refused by `no_keys`.
[[nodiscard]] kv::KeyValues* keys_of(const Call& call);
// The same store where only keys are switched off: prepared queries are in it.
[[nodiscard]] kv::KeyValues* store_of(const Call& call);
[[nodiscard]] Response no_keys(const Call& call);

// Whether the caller may do what the route does with keys. `need`: of calls that read and write by one route.
[[nodiscard]] std::expected<void, Response> permit_keys(const Call& call, Right need);
[[nodiscard]] std::expected<void, Response> permit_keys(const Call& call);

// A change; `describe` makes the response from what it has come to.
[[nodiscard]] Routed change(const Call& call, kv::Request request,
                            std::move_only_function<Response(const kv::Outcome&)> describe);
// The same for prepared queries.
[[nodiscard]] Routed change_store(const Call& call, kv::Request request,
                                  std::move_only_function<Response(const kv::Outcome&)> describe);
// The usual description of what is no success: the disk's errors, an unknown session, a full store.
[[nodiscard]] Response failed(const kv::Outcome& outcome);
[[nodiscard]] const kv::Done* done_of(const kv::Outcome& outcome);
[[nodiscard]] const kv::Refusal* refusal_of_outcome(const kv::Outcome& outcome);

// Without a store it is called with an empty View.
using MakeLater = std::move_only_function<Response()>;
struct Read {
  kv::Topic topic;
  std::function<MakeLater(const kv::View&)> look;  // X-Consul-Index and its like are added to the response
  bool is_long = false;                            // it may be so long that others should not wait for it
};
[[nodiscard]] Routed answer(const Call& call, Read read);
// The same from another store than `keys_of`; null: none.
[[nodiscard]] Routed answer_of(const Call& call, kv::KeyValues* store, Read read);

// A UUID of random bits, version 4.
[[nodiscard]] std::string draw_uuid();

}  // namespace rollcall::api::consul
