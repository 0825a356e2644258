#include "cluster/roll/values.h"

#include "catch.h"

namespace rollcall::cluster {
namespace {

using std::chrono::milliseconds;

TEST_CASE("the value of a node is read as it was written") {
  const StoredNode node{.incarnation = UINT64_MAX,
                        .is_member = true,
                        .hears = {"n2", "n3"},
                        .peers = "[2001:db8::1]:8601",
                        .http = "192.0.2.1:8500",
                        .version = "0.1.0",
                        .zones_hash = "ab",
                        .settings_hash = "cd"};
  const auto read = read_node(write_node(node));
  REQUIRE(read.has_value());
  CHECK(*read == node);
}

TEST_CASE("a node of a newer version may say more, and its names come sorted") {
  const auto read = read_node(R"({"incarnation":7,"hears":["b","a"],"mood":"good"})");
  REQUIRE(read.has_value());
  CHECK(read->incarnation == 7);
  CHECK(read->hears == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(read_node(R"({"member":true})").has_value());
  CHECK_FALSE(read_node(R"({"incarnation":"18446744073709551616"})").has_value());
  CHECK_FALSE(read_node(R"({"incarnation":-1})").has_value());
  CHECK_FALSE(read_node(R"({"incarnation":1,"hears":[1]})").has_value());
}

TEST_CASE("the registered set keeps when a node has ended uncleanly") {
  StoredRegistration registration{.unclean = {}, .peers = "a:1", .dns = "192.0.2.1:53"};
  registration.unclean.is_in = true;
  registration.unclean.ends = {std::chrono::seconds(1'790'000'000), std::chrono::seconds(1'790'000'100)};
  const auto read = read_registration(write_registration(registration));
  REQUIRE(read.has_value());
  CHECK(read->unclean.is_in);
  CHECK(read->unclean.ends == registration.unclean.ends);
  CHECK(read->peers == "a:1");
  CHECK(read->dns == "192.0.2.1:53");
  CHECK(read_registration("{}").has_value());
  CHECK_FALSE(read_registration(R"({"unclean_ends":["now"]})").has_value());
}

TEST_CASE("the format is read as it was written, and not guessed") {
  const StoredFormat format{.version = 1, .base = 1'790'000'000'000, .incarnation = "f00"};
  const auto read = read_format(write_format(format));
  REQUIRE(read.has_value());
  CHECK(*read == format);
  CHECK_FALSE(read_format("{}").has_value());
  CHECK_FALSE(read_format(R"({"version":1,"base":1.5,"incarnation":"a"})").has_value());
  CHECK_FALSE(read_format(R"({"version":1,"base":2305843009213693953,"incarnation":"a"})").has_value());
}

TEST_CASE("a service keeps its protocols, and since when it is empty") {
  for (const StoredService& service :
       {StoredService{}, StoredService{3, {}}, StoredService{2, registry::WallTime(milliseconds(5))}}) {
    const auto read = read_service(write_service(service));
    REQUIRE(read.has_value());
    CHECK(*read == service);
  }
  CHECK_FALSE(read_service(R"({"protocols":["ip"]})").has_value());
  CHECK_FALSE(read_service(R"({"emptied_at":5})").has_value());
}

TEST_CASE("the last transaction of a lane says why each of its changes was made") {
  const LaneRecord record{.id = "0a1b",
                          .node = "n1",
                          .at = registry::WallTime(milliseconds(1'790'000'000'123)),
                          .marks = {{.key = "roll/svc.internal/web/x1",
                                     .kind = registry::EventKind::registered,
                                     .cause = registry::Cause::came_back,
                                     .is_renewal = false,
                                     .by = "token:ann",
                                     .detail = "a \"b\"\n"},
                                    {.key = "roll/svc.internal/web/x2",
                                     .kind = registry::EventKind::updated,
                                     .cause = registry::Cause::changed,
                                     .is_renewal = true}}};
  const auto read = read_lane(write_lane(record));
  REQUIRE(read.has_value());
  CHECK(*read == record);
}

TEST_CASE("a record of a lane that says what there is not is an error") {
  CHECK(read_lane(R"({"id":"a"})").has_value());
  CHECK_FALSE(read_lane(R"({"node":"a"})").has_value());
  CHECK_FALSE(read_lane(R"({"id":"a","changes":[{"key":"k","event":"flew","cause":"changed"}]})").has_value());
  CHECK_FALSE(read_lane(R"({"id":"a","changes":[{"key":"k","event":"updated"}]})").has_value());
  CHECK_FALSE(read_lane(R"({"id":"a","changes":[7]})").has_value());
  std::string many = R"({"id":"a","changes":[)";
  for (std::size_t i = 0; i <= k_operations_max; ++i) {
    many += R"({"key":"k","event":"updated","cause":"changed"},)";
  }
  many.back() = ']';
  CHECK_FALSE(read_lane(many + "}").has_value());
}

}  // namespace
}  // namespace rollcall::cluster
