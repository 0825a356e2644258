#include "client/problem.h"

#include <string>

#include "catch.h"

namespace rollcall::client {
namespace {

Error problem(unsigned status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return problem_of(response);
}

TEST_CASE("a problem of the registry keeps its kind, its sentence and its field") {
  const Error error = problem(
      400, R"({"type":"urn:rollcall:invalid_field","status":400,"detail":"port must be 1 to 65535","field":"port"})");
  CHECK(error.code == Errc::invalid);
  CHECK(error.message == "port must be 1 to 65535");
  CHECK(error.field == "port");
  CHECK(problem(404, R"({"type":"urn:rollcall:unknown_instance","detail":"x"})").code == Errc::unknown_instance);
  CHECK(problem(503, R"({"type":"urn:rollcall:store_busy","detail":"x"})").code == Errc::store_busy);
}

TEST_CASE("an error that is no registry's is told by its status") {
  CHECK(problem(502, "<html>Bad Gateway</html>").message == "the server answered 502");
  CHECK(problem(502, "").code == Errc::unreachable);
  CHECK(problem(404, "{}").code == Errc::invalid);
  CHECK(problem(403, "[1]").code == Errc::forbidden);
}

TEST_CASE("a sentence from outside cannot move the cursor") {
  CHECK(problem(400, R"({"detail":"a\u001b[2Jb\nc"})").message == "a [2Jb c");
}

}  // namespace
}  // namespace rollcall::client
