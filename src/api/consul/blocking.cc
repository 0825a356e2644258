#include "api/consul/blocking.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "api/consul/responses.h"
#include "base/random.h"
#include "consul/go_duration.h"

namespace rollcall::api::consul {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t k_spread = 16;  // the part of a wait that is added at most

milliseconds spread_of(milliseconds wait) {
  thread_local Random random = Random::from_system();
  const auto most = static_cast<std::uint32_t>(wait.count() / k_spread);
  return milliseconds(most == 0 ? 0 : random.below(most));
}

}  // namespace

std::expected<Blocking, Response> read_blocking(const Call& call) {
  Blocking blocking;
  milliseconds wait = k_wait_default;
  if (const std::string* text = call.query.find("wait"); text != nullptr && !text->empty()) {
    const auto asked = rollcall::consul::parse_go_duration(*text);
    if (!asked || *asked < asked->zero()) return std::unexpected(consul::text(400, "Invalid wait time"));
    if (*asked > asked->zero())
      wait = std::chrono::ceil<milliseconds>(std::min<std::chrono::nanoseconds>(*asked, k_wait_max));
  }
  if (const std::string* text = call.query.find("index"); text != nullptr && !text->empty()) {
    const char* end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, blocking.known);
    if (read.ec != std::errc() || read.ptr != end) return std::unexpected(consul::text(400, "Invalid index"));
  }
  blocking.wait = wait + spread_of(wait);
  return blocking;
}

std::string_view consistency_of(const Call& call) {
  if (call.query.has("stale")) return "stale";
  return call.query.has("consistent") ? "consistent" : "leader";
}

void put_headers(Response& response, const ReadHeaders& headers) {
  response.headers.emplace_back("X-Consul-Index", std::to_string(std::max<registry::ChangeIndex>(headers.index, 1)));
  response.headers.emplace_back("X-Consul-KnownLeader", "true");
  response.headers.emplace_back("X-Consul-LastContact", "0");
  response.headers.emplace_back("X-Consul-Effective-Consistency", headers.consistency);
}

Routed answer(const Call& call, const Blocking& blocking, Reading reading) {
  if (blocking.known != 0 && blocking.known == reading.index) {
    return Wait{.until = reading.await(),
                .at_most = blocking.wait,
                .answer = std::move(reading.show),
                .is_long = reading.is_long};
  }
  if (reading.is_long) return LongAnswer{std::move(reading.show)};
  return reading.show(call.now);
}

}  // namespace rollcall::api::consul
