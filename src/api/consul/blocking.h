// Blocking queries: `?index=&wait=`, and the headers every read has.
//
// Rule     a call that knows the present index waits until it is another, or until its time is over, and gets the whole body
//          either way. A lower index than the client's is answered at once: it resets itself. Without an index, or with 0,
//          nothing waits.
// Failure  400, `Invalid index` or `Invalid wait time`.
// Threads  any.
// Source   docs/consul-catalog.md.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>

#include "api/door.h"
#include "base/awaited.h"

namespace rollcall::api::consul {

inline constexpr std::chrono::minutes k_wait_default{5};
inline constexpr std::chrono::minutes k_wait_max{10};

struct Blocking {
  registry::ChangeIndex known = 0;  // 0: it does not wait
  std::chrono::milliseconds wait{};
};

// What a wait lasts: up to a sixteenth longer than asked, so that those who ask together do not all come back together.
[[nodiscard]] std::expected<Blocking, Response> read_blocking(const Call& call);

// What every read says beside its body.
struct ReadHeaders {
  registry::ChangeIndex index = 1;
  std::string_view consistency = "leader";  // a constant
};
[[nodiscard]] std::string_view consistency_of(const Call& call);
void put_headers(Response& response, const ReadHeaders& headers);

// A read of something that has an index.
struct Reading {
  registry::ChangeIndex index = 0;                        // now
  std::function<std::unique_ptr<Awaited>()> await;        // until that is another
  std::function<Response(registry::LeaseTime now)> show;  // outlives the call; takes the ReadLock itself
  bool is_long = false;                                   // `show` must run as a LongAnswer
};
// `show` now, or when the call has waited.
[[nodiscard]] Routed answer(const Call& call, const Blocking& blocking, Reading reading);

}  // namespace rollcall::api::consul
