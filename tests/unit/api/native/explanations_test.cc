// GET /v1/explain: which name and which type are explained, and what is no name and no type.
#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api::native {
namespace {

using namespace testing;

// What the server was asked to explain: "web.svc.internal. 1".
std::string explained(World& world, std::string_view query) {
  const Response response = world.get("/v1/explain?" + std::string(query));
  if (response.status != 200) return problem_of(response);
  const boost::json::value body = parse(response);
  return text_of(body, "name") + ' ' + std::to_string(number_of(body, "type"));
}

TEST_CASE("a name and a type are explained, and A is meant where there is no type") {
  World world;
  CHECK(explained(world, "name=web.svc.internal&type=SRV") == "web.svc.internal. 33");
  CHECK(explained(world, "name=web.svc.internal") == "web.svc.internal. 1");
  CHECK(explained(world, "name=Web.SVC.Internal.&type=aaaa") == "Web.SVC.Internal. 28");
  CHECK(explained(world, "name=web.svc.internal&type=TYPE65") == "web.svc.internal. 65");
  CHECK(explained(world, "name=web.svc.internal&type=any") == "web.svc.internal. 255");
  CHECK(explained(world, "name=svc.internal") == "svc.internal. 1");
}

TEST_CASE("a name without a final dot that is in no zone is below the zone asked for") {
  World world;
  CHECK(explained(world, "name=web") == "web.svc.internal. 1");
  CHECK(explained(world, "name=_web._tcp&type=srv") == "_web._tcp.svc.internal. 33");
  CHECK(explained(world, "name=web&zone=lab.example") == "web.lab.example. 1");
  CHECK(explained(world, "name=web.svc.internal&zone=lab.example") == "web.svc.internal. 1");
  CHECK(explained(world, "name=www.example.org.") == "www.example.org. 1");
}

TEST_CASE("what is no name and no type is refused with its field") {
  World world;
  CHECK(explained(world, "") == "400 invalid_field name");
  CHECK(explained(world, "type=A") == "400 invalid_field name");
  CHECK(explained(world, "name=") == "400 invalid_field name");
  CHECK(explained(world, "name=a..b") == "400 invalid_field name");
  CHECK(explained(world, "name=" + std::string(64, 'a')) == "400 invalid_field name");
  CHECK(explained(world, "name=web&name=web") == "400 invalid_field name");
  CHECK(explained(world, "name=web&type=nonsense") == "400 invalid_field type");
  CHECK(explained(world, "name=web&type=AXFR") == "400 invalid_field type");
  CHECK(explained(world, "name=web&type=OPT") == "400 invalid_field type");
  CHECK(explained(world, "name=web&type=TYPE0") == "400 invalid_field type");
  CHECK(explained(world, "name=web&type=TYPE70000") == "400 invalid_field type");
  CHECK(explained(world, "name=web&tag=blue") == "400 invalid_field tag");
  CHECK(world.call(Method::post, "/v1/explain?name=web").status == 405);
}

TEST_CASE("an explanation carries the index of the roll") {
  World world;
  world.expect_registered("i-1");
  CHECK(header_of(world.get("/v1/explain?name=web"), "X-Rollcall-Index") == "1");
}

TEST_CASE("a name that would be too long below the zone is refused") {
  World world;
  std::string name(63, 'a');
  for (int i = 0; i < 3; ++i) name += '.' + std::string(i < 2 ? 63 : 61, 'a');
  CHECK(explained(world, "name=" + name) == "400 invalid_field name");
  CHECK(explained(world, "name=" + name + '.') == name + ". 1");
}

}  // namespace
}  // namespace rollcall::api::native
