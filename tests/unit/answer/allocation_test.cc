// The usual way of a query allocates nothing. Every operator new of this program is counted, per thread.
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace {

thread_local std::size_t g_allocations = 0;

void* allocate(std::size_t size) {
  ++g_allocations;
  if (void* at = std::malloc(size == 0 ? 1 : size)) return at;
  throw std::bad_alloc();
}

}  // namespace

// Not inlined: GCC would see malloc met by delete.
[[gnu::noinline]] void* operator new(std::size_t size) { return allocate(size); }
[[gnu::noinline]] void* operator new[](std::size_t size) { return allocate(size); }
[[gnu::noinline]] void operator delete(void* at) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete[](void* at) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete[](void* at, std::size_t) noexcept { std::free(at); }

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

TEST_CASE("the count of allocations counts") {
  const std::size_t before = g_allocations;
  auto one = std::make_unique<int>(1);
  CHECK(*one == 1);
  CHECK(g_allocations > before);
}

TEST_CASE("a query about a service, an instance or nothing allocates nothing") {
  World world;
  std::vector<Entry> entries;
  for (int i = 0; i < 200; ++i) {
    const std::string number = std::to_string(i);
    entries.push_back({.id = "i-" + number,
                       .addresses = {"192.0.2." + number, "2001:db8::" + number},
                       .weight = static_cast<std::uint16_t>(i),
                       .tags = {i % 2 == 0 ? "even" : "odd"},
                       .ttl = std::chrono::seconds(i % 2 == 0 ? 60 : 15)});
  }
  entries.push_back({.service = "small"});
  entries.push_back({.service = "empty"});
  world.add_all(entries);
  world.remove("empty", "i-1");

  std::vector<std::vector<std::uint8_t>> queries;
  for (const char* name : {"web", "even.web", "small", "empty", "i-7.web", "_web._tcp", "i-7._web._tcp", "nobody",
                           "x.web", "_tcp", "ns"}) {
    for (const Type type : {Type::a, Type::aaaa, Type::srv}) {
      for (const std::optional<std::uint16_t> payload :
           {std::optional<std::uint16_t>(), std::optional<std::uint16_t>(1232)}) {
        queries.push_back(query_of({.name = std::string(name) + ".svc.internal", .type = type, .payload = payload}));
      }
    }
  }
  const auto ask_all = [&] {
    for (const std::vector<std::uint8_t>& query : queries) {
      if (world.respond(query).empty() || world.respond(query, Transport::tcp).empty()) return false;
    }
    return true;
  };
  const auto allocations = [&] {
    if (!ask_all()) FAIL("a query went unanswered");  // the worker's room grows to the largest service, once
    const std::size_t before = g_allocations;
    bool answered = true;
    for (int i = 0; i < 10; ++i) answered = ask_all() && answered;
    const std::size_t after = g_allocations;
    return answered ? after - before : 1;
  };
  CHECK(allocations() == 0);
  world.pass(14'500ms);  // half the leases are about to end: every one is read
  CHECK(allocations() == 0);
  world.pass(500ms);  // they have ended, and nobody has swept
  CHECK(allocations() == 0);
  world.registry.sweep(world.clock.now(), world.wall);
  CHECK(allocations() == 0);
}

}  // namespace
}  // namespace rollcall::answer
