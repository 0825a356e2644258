// A query about the roll allocates nothing, whatever its type. Every operator new of this program is counted, per thread.
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
// std::stable_sort asks this way.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++g_allocations;
  return std::malloc(size == 0 ? 1 : size);
}
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

// A service of 200 instances of both protocols, half of them about to end, with tags, meta and offers of TLS; a small one,
// and one without anybody.
std::vector<Entry> all_kinds() {
  std::vector<Entry> entries;
  for (int i = 0; i < 200; ++i) {
    const std::string number = std::to_string(i);
    entries.push_back({.id = "i-" + number,
                       .addresses = {"192.0.2." + number, "2001:db8::" + number},
                       .weight = static_cast<std::uint16_t>(i),
                       .tags = {i % 2 == 0 ? "even" : "odd"},
                       .ttl = std::chrono::seconds(i % 2 == 0 ? 60 : 15),
                       .protocol = i % 5 == 0 ? registry::Protocol::udp : registry::Protocol::tcp,
                       .meta = {{"alpn", "h2,h3"}, {"version", number}}});
  }
  for (int i = 0; i < 100; ++i) entries.push_back({.service = "many-" + std::to_string(i), .ttl = 60s});
  entries.push_back({.service = "small"});
  entries.push_back({.service = "empty"});
  return entries;
}

// Every name the roll has, names of the zone file that lead to them, and names of nobody; every type the roll answers, and
// one it does not.
std::vector<std::vector<std::uint8_t>> queries_of_all_types() {
  std::vector<std::string> names = {"1.2.0.192.in-addr.arpa", "254.2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa"};
  for (const char* name : {"web",
                           "even.web",
                           "small",
                           "empty",
                           "i-7.web",
                           "i-10.web",
                           "_web._tcp",
                           "_web._udp",
                           "i-7._web._tcp",
                           "_sub._web._tcp",
                           "_even._sub._web._tcp",
                           "_services._dns-sd._udp",
                           "b._dns-sd._udp",
                           "lb._dns-sd._udp",
                           "_dns-sd._udp",
                           "nobody",
                           "x.web",
                           "_tcp",
                           "_udp",
                           "ns",
                           "alias",
                           "alias-of-alias",
                           "srv-alias",
                           "x.moved",
                           "alias-of-nobody"}) {
    names.push_back(std::string(name) + ".svc.internal");
  }
  std::vector<std::vector<std::uint8_t>> queries;
  for (const std::string& name : names) {
    for (const Type type :
         {Type::a, Type::aaaa, Type::srv, Type::txt, Type::ptr, Type::svcb, Type::https, Type::any, Type::mx}) {
      queries.push_back(query_of({.name = name, .type = type}));
      queries.push_back(query_of({.name = name, .type = type, .payload = 1232}));
    }
  }
  return queries;
}

constexpr std::string_view k_aliases = R"(
alias            60 IN CNAME web
alias-of-alias   60 IN CNAME alias
srv-alias        60 IN CNAME _web._tcp
alias-of-nobody  60 IN CNAME nobody
moved            60 IN DNAME svc.internal.
)";

TEST_CASE("a query about the roll, of any type and over any transport, allocates nothing") {
  World world({}, 1232, std::string(k_zone_text) + std::string(k_aliases), {"2.0.192.in-addr.arpa"});
  world.add_all(all_kinds());
  world.remove("empty", "i-1");
  for (const char* address : {"192.0.2.1", "192.0.2.2"}) world.add({.service = "shared", .id = address});
  const std::vector<std::vector<std::uint8_t>> queries = queries_of_all_types();

  const auto ask_all = [&] {
    for (const std::vector<std::uint8_t>& query : queries) {
      if (world.respond(query).empty() || world.respond(query, Transport::tcp).empty()) return false;
    }
    return true;
  };
  // The worker's room grows to the largest service, once: what has been asked before must not allocate again.
  const auto allocations = [&] {
    if (!ask_all()) FAIL("a query went unanswered");
    std::size_t count = 0;
    for (const std::vector<std::uint8_t>& query : queries) {
      for (const Transport transport : {Transport::udp, Transport::tcp, Transport::tls}) {
        const std::size_t before = g_allocations;
        const bool answered = !world.respond(query, transport).empty();
        count += answered ? g_allocations - before : 1;
        if (g_allocations != before)
          UNSCOPED_INFO("query of " << query.size() << " octets, " << text_of(Bytes(query).subspan(12)));
      }
    }
    return count;
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
