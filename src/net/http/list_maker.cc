#include "net/http/list_maker.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::net {

bool ListMaker::make(Make make, Make refuse, Done done) {
  check(make && refuse && done, "each way of a list can be called");
  if (waiting_.fetch_add(1, std::memory_order_relaxed) >= limits::k_http_lists_max) {
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  loop_.post([this, make = std::move(make), refuse = std::move(refuse), done = std::move(done)]() mutable {
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    if (is_stopping_) return;
    api::Response response = held_.is_full() ? refuse() : make();
    HeldBytes::Share share(held_);
    share.set(response.body.capacity());
    done(std::move(response), std::move(share));
  });
  return true;
}

}  // namespace rollcall::net
