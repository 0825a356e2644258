#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 1034 §3.7.1: an answer for class ANY is never authoritative") {
  CHECK_FALSE(ask({"www.c.test.", Type::a, 255}).has(0x0400));
}

TEST_CASE("RFC 6895 §3.2: no zone of ours is in another class than IN") {
  for (const std::uint16_t klass : std::initializer_list<std::uint16_t>{0, 2, 3, 4, 254, 65535}) {
    INFO(klass);
    check_refused(ask({"www.c.test.", Type::a, klass}));
  }
}

}  // namespace
}  // namespace rollcall::conformance
