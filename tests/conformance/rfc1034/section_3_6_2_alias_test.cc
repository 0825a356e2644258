#include <string>

#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 1034 §3.6.2: whoever asks for the alias itself gets it, not its target") {
  const Lines alias{"alias1.c.test. 60 IN CNAME alias2.c.test."};
  CHECK(answers(ask({"alias1.c.test.", Type::cname})) == alias);
  CHECK(answers(ask({"alias1.c.test.", Type::any})) == alias);
  CHECK(shape(ask({"alias-nowhere.c.test.", Type::cname})) == "NOERROR AA 1/0/0");
}

TEST_CASE("RFC 1034 §5.2.2: a circle of aliases comes once around") {
  CHECK(shape(ask({"loop1.c.test."})) == "NOERROR AA 3/0/0");
  CHECK(answers(ask({"loop2.c.test."})) == Lines{"loop2.c.test. 60 IN CNAME loop3.c.test.",
                                                 "loop3.c.test. 60 IN CNAME loop1.c.test.",
                                                 "loop1.c.test. 60 IN CNAME loop2.c.test."});
  CHECK(answers(ask({"loop-self.c.test."})) == Lines{"loop-self.c.test. 60 IN CNAME loop-self.c.test."});
}

TEST_CASE("RFC 1034 §5.2.2: a wildcard that leads to itself ends") {
  CHECK(answers(ask({"a.wildloop.c.test."})) == Lines{"a.wildloop.c.test. 60 IN CNAME x.wildloop.c.test.",
                                                      "x.wildloop.c.test. 60 IN CNAME x.wildloop.c.test."});
}

TEST_CASE("RFC 1034 §5.2.2: a long chain of aliases is answered as far as it goes, in order") {
  const Lines chain = answers(ask({"hop1.c.test.", Type::a, k_class_in, 0, 1232}));
  CHECK(chain.size() >= 16);
  for (std::size_t i = 0; i < chain.size() && i < 16; ++i) {
    const std::string next = "hop" + std::to_string(i + 2) + ".c.test.";
    CHECK(chain[i] == "hop" + std::to_string(i + 1) + ".c.test. 60 IN CNAME " + next);
  }
  CHECK(answers(ask({"hop20.c.test."})).back() == "www.c.test. 60 IN A 192.0.2.1");
}

}  // namespace
}  // namespace rollcall::conformance
