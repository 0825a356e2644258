#include "tools/rollcall/campaign.h"

#include "catch.h"

namespace rollcall::cli {
namespace {

TEST_CASE("a progress bar says how much is done, and fits its terminal") {
  CHECK(progress_text("registering", 0, 10, 80) == "registering [                              ]   0 %  0 of 10");
  CHECK(progress_text("registering", 5, 10, 80) == "registering [###############               ]  50 %  5 of 10");
  CHECK(progress_text("registering", 10, 10, 80) == "registering [##############################] 100 %  10 of 10");
  CHECK(progress_text("x", 5, 10, 40) == "x [#####     ]  50 %  5 of 10");
  CHECK(progress_text("x", 5, 10, 10).size() == 9);
  CHECK(progress_text("nothing", 0, 0, 80).contains("100 %"));
}

}  // namespace
}  // namespace rollcall::cli
