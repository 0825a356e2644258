#include "consul/attributes.h"

#include "catch.h"

namespace rollcall::consul {
namespace {

using std::chrono::seconds;

TEST_CASE("attributes that are all defaults are no text, and are read from none") {
  CHECK(write_attributes({}).empty());
  CHECK(parse_attributes("") == Attributes{});
}

TEST_CASE("attributes are read as they were written") {
  Attributes all;
  all.name = "Web \"API\"";
  all.id = "web:1";
  all.host = "192.0.2.7";
  all.has_node_address = true;
  all.node = ExternalNode{"db.example", "192.0.2.9", "id", {{"a", "b"}}, {{"lan", "192.0.2.9"}}};
  all.tagged_addresses["wan"] = {"198.51.100.1", 80};
  all.weights = {0, 7};
  all.tags = {"v1", "blue"};
  all.enable_tag_override = true;
  all.kind = "connect-proxy";
  CheckDefinition check;
  check.id = "service:web";
  check.type = "http";
  check.target = "http://192.0.2.1/health";
  check.interval = seconds(10);
  check.timeout = seconds(1);
  check.header = {{"A", "1"}, {"A", "2"}};
  check.skips_tls_verify = true;
  check.failures_before_critical = 3;
  CheckDefinition ttl;
  ttl.id = "service:web:2";
  ttl.type = "ttl";
  ttl.ttl = seconds(15);
  ttl.notes = "notes";
  all.checks = {check, ttl};
  CHECK(parse_attributes(write_attributes(all)) == all);
  CHECK(all.find_check("service:web:2")->ttl == seconds(15));
  CHECK(all.find_check("other") == nullptr);
}

TEST_CASE("what cannot be read is left at its default") {
  CHECK(parse_attributes("{") == Attributes{});
  CHECK(parse_attributes("[1]") == Attributes{});
  const Attributes some =
      parse_attributes(R"({"name":1,"host":"h","weights":{"passing":70000,"warning":2},"checks":[1,{}]})");
  CHECK(some.name.empty());
  CHECK(some.host == "h");
  CHECK(some.weights == Weights{1, 2});
  CHECK(some.checks.size() == 1);
}

}  // namespace
}  // namespace rollcall::consul
