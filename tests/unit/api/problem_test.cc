#include "api/problem.h"

#include <string>

#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api {
namespace {

using namespace testing;

TEST_CASE("every kind of error has one status and one name") {
  const auto of = [](Errc code) { return problem_of(problem(Error{code, "because"})); };
  CHECK(of(Errc::invalid) == "400 invalid_request");
  CHECK(problem_of(problem(Error{Errc::invalid, "because", "port"})) == "400 invalid_field port");
  CHECK(of(Errc::malformed) == "400 bad_json");
  CHECK(of(Errc::unknown_zone) == "404 unknown_zone");
  CHECK(of(Errc::unknown_service) == "404 unknown_service");
  CHECK(of(Errc::unknown_instance) == "404 unknown_instance");
  CHECK(of(Errc::conflict) == "409 conflict");
  CHECK(of(Errc::store_busy) == "503 store_busy");
  CHECK(of(Errc::store_failed) == "503 store_failed");
  CHECK(of(Errc::overloaded) == "503 overloaded");
  CHECK(of(Errc::start_up) == "500 internal");
}

TEST_CASE("a problem is what RFC 9457 says") {
  const Response response = problem(Error{Errc::invalid, "port must be an integer from 1 to 65535", "port"});
  CHECK(response.content_type == "application/problem+json");
  CHECK(response.body == R"({"type":"urn:rollcall:invalid_field","title":"Invalid field","status":400,)"
                         R"("detail":"port must be an integer from 1 to 65535","field":"port"})");
  CHECK(response.headers.empty());
  CHECK(
      problem(Fault::body_too_large, "at most 65536 bytes").body ==
      R"({"type":"urn:rollcall:body_too_large","title":"Body too large","status":413,"detail":"at most 65536 bytes"})");
}

TEST_CASE("only what may pass asks to be tried again") {
  CHECK(header_of(problem(Error{Errc::overloaded, ""}), "Retry-After") == "1");
  CHECK(header_of(problem(Fault::not_ready, ""), "Retry-After") == "1");
  CHECK(header_of(problem(Error{Errc::conflict, ""}), "Retry-After").empty());
}

TEST_CASE("a problem is readable JSON whatever it quotes") {
  const auto detail = [](std::string text) {
    return detail_of(problem(Error{Errc::invalid, std::move(text), "\xff"}));
  };
  CHECK(detail("ä is none") == "ä is none");
  CHECK(detail("\xc3 is cut") == "? is cut");
  CHECK(detail("a\"b\\c\n") == "a\"b\\c\n");
  CHECK(problem_of(problem(Error{Errc::invalid, "", "\xff"})) == "400 invalid_field ?");
}

}  // namespace
}  // namespace rollcall::api
