// Keys: what is set, and under which conditions; transactions; the bound of the whole.
#include "catch.h"
#include "unit/kv/world.h"

namespace rollcall::kv {
namespace {

using namespace testing;

const Refusal& refusal_of(const Outcome& outcome) { return std::get<Refusal>(outcome.value()); }

TEST_CASE("a key that is set is there with its flags and indexes") {
  World world;
  REQUIRE(world.does({.verb = Verb::set, .key = "a/b", .value = "1", .flags = ~std::uint64_t{0}}));
  const EntryPtr first = world.find("a/b");
  REQUIRE(first);
  CHECK(first->value == "1");
  CHECK(first->flags == ~std::uint64_t{0});
  CHECK(first->create_index == first->modify_index);
  CHECK(first->create_index > 1'800'000'000'000);
  CHECK(first->lock_index == 0);
  REQUIRE(world.set("a/b", "2"));
  CHECK(world.find("a/b")->create_index == first->create_index);
  CHECK(world.find("a/b")->modify_index == first->modify_index + 1);
  CHECK(first->value == "1");  // who has read it keeps what it has read
}

TEST_CASE("a key that is set to what it is does not change") {
  World world;
  world.set("a", "1");
  const Index index = world.find("a")->modify_index;
  const int records = world.journal.records;
  CHECK(world.set("a", "1"));
  CHECK(world.find("a")->modify_index == index);
  CHECK(world.journal.records == records);
}

TEST_CASE("check and set takes the index that the key has, and zero where there is none") {
  World world;
  const auto cas = [&](Index index, std::string value) {
    return world.does({.verb = Verb::cas, .key = "a", .value = std::move(value), .index = index});
  };
  CHECK_FALSE(cas(7, "x"));
  CHECK(cas(0, "1"));
  CHECK_FALSE(cas(0, "2"));
  const Index index = world.find("a")->modify_index;
  CHECK(cas(index, "2"));
  CHECK_FALSE(cas(index, "3"));
  CHECK(world.find("a")->value == "2");
  CHECK_FALSE(world.does({.verb = Verb::remove_cas, .key = "a", .index = index}));
  CHECK(world.does({.verb = Verb::remove_cas, .key = "a", .index = world.find("a")->modify_index}));
  CHECK_FALSE(world.find("a"));
}

TEST_CASE("what is below a prefix is deleted together, and nothing beside it") {
  World world;
  for (const char* key : {"a", "a/1", "a/2/x", "ab", "b"}) world.set(key, "v");
  REQUIRE(world.does({.verb = Verb::remove_tree, .key = "a/"}));
  CHECK(world.find("a"));
  CHECK_FALSE(world.find("a/1"));
  CHECK_FALSE(world.find("a/2/x"));
  CHECK(world.find("ab"));
  REQUIRE(world.does({.verb = Verb::remove_tree, .key = ""}));
  CHECK_FALSE(world.find("b"));
  CHECK(world.remove("never was"));  // deleting nothing is no failure
}

TEST_CASE("a transaction is done as a whole or not at all") {
  World world;
  world.set("a", "1");
  const Outcome failed = world.ask(Transaction{{{.verb = Verb::set, .key = "b", .value = "x"},
                                                {.verb = Verb::remove, .key = "a"},
                                                {.verb = Verb::check_not_exists, .key = "b"}}});
  CHECK(refusal_of(failed).operation == 2);
  CHECK(refusal_of(failed).what == "key \"b\" exists");
  CHECK_FALSE(world.find("b"));
  CHECK(world.find("a"));
  const Outcome done =
      world.ask(Transaction{{{.verb = Verb::check_index, .key = "a", .index = world.find("a")->modify_index},
                             {.verb = Verb::set, .key = "b", .value = "x"},
                             {.verb = Verb::get, .key = "b"},
                             {.verb = Verb::get_or_empty, .key = "none"},
                             {.verb = Verb::get_tree, .key = ""},
                             {.verb = Verb::remove, .key = "a"}}});
  const std::vector<Shown>& shown = std::get<Done>(done.value()).entries;
  REQUIRE(shown.size() == 6);
  CHECK(shown[1].entry->key == "b");
  CHECK_FALSE(shown[1].has_value);
  CHECK(shown[2].entry->value == "x");
  CHECK(shown[3].entry->key == "none");
  CHECK(shown[4].entry->key == "a");
  CHECK_FALSE(world.find("a"));
  CHECK(world.find("b")->modify_index == std::get<Done>(done.value()).index);
}

TEST_CASE("the operations of a transaction say what is not so") {
  World world;
  world.set("a", "1");
  const auto what = [&](Operation operation) { return refusal_of(world.run(std::move(operation))).what; };
  CHECK(what({.verb = Verb::get, .key = "x"}) == "key \"x\" doesn't exist");
  CHECK(what({.verb = Verb::cas, .key = "a", .index = 3}) == "failed to set key \"a\", index is stale");
  CHECK(what({.verb = Verb::remove_cas, .key = "a", .index = 3}) == "failed to delete key \"a\", index is stale");
  CHECK(what({.verb = Verb::check_session, .key = "a", .session = "s"}) ==
        "failed session check for key \"a\", current session \"\" != \"s\"");
  CHECK(what({.verb = Verb::lock, .key = "a", .session = "s"}) == "invalid session \"s\"");
  CHECK(what({.verb = Verb::unlock, .key = "a", .session = "s"}) ==
        "failed to unlock key \"a\", lock isn't held, or is held by another session");
}

TEST_CASE("a store that is full says so, and takes again what fits after a deletion") {
  World world(10'000);
  REQUIRE(world.set("a", std::string(9'000, 'x')));
  const Outcome full = world.run({.verb = Verb::set, .key = "b", .value = std::string(900, 'y')});
  CHECK(refusal_of(full).why == Why::full);
  CHECK(refusal_of(full).what.find("kv_bytes") != std::string::npos);
  CHECK(world.set("a", std::string(9'000, 'z')));  // the same room again
  CHECK(world.set("b", std::string(100, 'y')));
  CHECK(world.remove("a"));
  CHECK(world.set("c", std::string(8'000, 'y')));
}

TEST_CASE("a transaction does not show more than its bound") {
  World world;
  world.set("a", std::string(k_value_bytes_max, 'x'));
  Transaction all;
  all.operations.assign(33, {.verb = Verb::get, .key = "a"});
  CHECK(refusal_of(world.ask(all)).why == Why::too_large);
  all.operations.pop_back();
  CHECK(std::holds_alternative<Done>(world.ask(all).value()));
}

TEST_CASE("what the disk refuses has not happened, to nobody") {
  World world;
  world.set("a", "1");
  const Index index = world.find("a")->modify_index;
  world.journal.is_broken = true;
  const Outcome failed = world.run({.verb = Verb::set, .key = "a", .value = "2"});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::store_failed);
  CHECK(world.find("a")->value == "1");
  world.journal.is_broken = false;
  CHECK(world.does({.verb = Verb::cas, .key = "a", .value = "3", .index = index}));
  CHECK(world.find("a")->value == "3");
}

TEST_CASE("what was acknowledged is there after a start, and indexes go on above it") {
  World world;
  world.set("a", "1");
  world.set("b", "2");
  world.remove("b");
  const EntryPtr before = world.find("a");
  const Index last = world.look({Topic::Kind::prefix, ""}).index;
  world.start();
  REQUIRE(world.find("a"));
  CHECK(world.find("a")->modify_index == before->modify_index);
  CHECK_FALSE(world.find("b"));
  world.set("c", "3");
  CHECK(world.find("c")->modify_index > last);
  CHECK(world.look({Topic::Kind::prefix, ""}, last).is_over);
}

TEST_CASE("more than what may wait is refused") {
  World world;
  std::size_t taken = 0;
  while (world.all->submit(Transaction{{{.verb = Verb::set, .key = "a", .value = std::string(k_value_bytes_max, 'x')}}},
                           [](const Outcome&) {})) {
    ++taken;
  }
  CHECK(taken > 100);
  CHECK(taken < 128);
  world.run_tasks();
  CHECK(world.set("b", "1"));
}

}  // namespace
}  // namespace rollcall::kv
