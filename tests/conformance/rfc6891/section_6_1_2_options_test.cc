#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

Message ask_with(const Octets& opt_record) { return exchange(message({.additionals = 1}, {k_www, opt_record})); }

TEST_CASE("RFC 6891 §6.1.2: an option nobody knows is ignored, and not sent back") {
  const Message reply = ask_with(opt(1232, 0, option(65001, {1, 2, 3, 4})));
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  REQUIRE(reply.opt);
  CHECK(reply.opt->rdata.empty());
  CHECK(shape(ask_with(opt(1232, 0, option(65001, Octets(1000))))) == "NOERROR AA 1/0/0");
}

TEST_CASE("RFC 6891 §6.1.3: an extended RCODE in a query is ignored") {
  CHECK(shape(ask_with(opt(1232, 0x01000000))) == "NOERROR AA 1/0/0");
}

TEST_CASE("RFC 6891 §6.1.2: options that do not fill RDATA exactly are FORMERR") {
  Octets overrun = option(65001, {1, 2, 3, 4});
  overrun.pop_back();
  CHECK(shape(ask_with(opt(1232, 0, overrun))) == "FORMERR 0/0/0");
  for (std::size_t stray = 1; stray <= 3; ++stray)
    CHECK(shape(ask_with(opt(1232, 0, Octets(stray)))) == "FORMERR 0/0/0");
}

TEST_CASE("RFC 6891 §6.1.2: OPT whose RDATA ends behind the message is FORMERR") {
  Octets cut = opt(1232, 0, option(65001, {1, 2, 3, 4}));
  cut.pop_back();
  CHECK(shape(ask_with(cut)) == "FORMERR 0/0/0");
}

}  // namespace
}  // namespace rollcall::conformance
