#include "tools/rollcall/coalescer.h"

#include "catch.h"

namespace rollcall::cli {
namespace {

using std::chrono::milliseconds;

const Coalescer::Time k_start{};

Coalescer::Time at(int ms) { return k_start + milliseconds(ms); }

TEST_CASE("nothing is due while nothing has changed") {
  const Coalescer coalescer(milliseconds(100), milliseconds(1000));
  CHECK(!coalescer.due());
  CHECK(!coalescer.is_due(at(1'000'000)));
}

TEST_CASE("one change is due when it has settled") {
  Coalescer coalescer(milliseconds(100), milliseconds(1000));
  coalescer.note_change(at(50));
  CHECK(coalescer.due() == at(150));
  CHECK(!coalescer.is_due(at(149)));
  CHECK(coalescer.is_due(at(150)));
}

TEST_CASE("changes close together are due together, and never later than the longest wait") {
  Coalescer coalescer(milliseconds(100), milliseconds(1000));
  for (int ms = 0; ms <= 900; ms += 50) coalescer.note_change(at(ms));
  CHECK(coalescer.due() == at(1000));
  coalescer.note_change(at(990));
  CHECK(coalescer.due() == at(1000));
}

TEST_CASE("after a rendering the next change begins anew") {
  Coalescer coalescer(milliseconds(100), milliseconds(1000));
  coalescer.note_change(at(0));
  coalescer.note_rendering();
  CHECK(!coalescer.due());
  coalescer.note_change(at(5000));
  CHECK(coalescer.due() == at(5100));
}

TEST_CASE("without a settle time each change is due at once") {
  Coalescer coalescer(milliseconds(0), milliseconds(0));
  coalescer.note_change(at(5));
  CHECK(coalescer.is_due(at(5)));
}

}  // namespace
}  // namespace rollcall::cli
