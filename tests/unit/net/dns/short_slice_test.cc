#include "net/dns/short_slice.h"

#include <array>
#include <cstdint>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#include "catch.h"

namespace rollcall::net {
namespace {

// Of sched_getattr(2), as much as is asked about: {size and policy, flags, nice and priority, slice, …}.
std::array<std::uint64_t, 6> attributes() {
  std::array<std::uint64_t, 6> found{};
  REQUIRE(syscall(SYS_sched_getattr, 0, found.data(), sizeof found, 0) == 0);
  return found;
}

TEST_CASE("a thread's slice becomes short where the system has slices, and nothing else of it changes") {
  std::array<std::uint64_t, 6> before{};
  std::array<std::uint64_t, 6> after{};
  std::thread([&] {
    before = attributes();
    take_short_slices();
    after = attributes();
  }).join();
  constexpr std::size_t k_slice = 3;
  const bool has_slices = before[k_slice] != 0;
  CHECK(after[k_slice] == (has_slices ? 100'000 : 0));
  after[k_slice] = before[k_slice];
  CHECK(after == before);
}

}  // namespace
}  // namespace rollcall::net
