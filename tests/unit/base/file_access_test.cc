// Who may read a file with a secret.
#include "base/file_access.h"

#include "catch.h"

namespace rollcall {
namespace {

constexpr uid_t k_root = 0;
constexpr uid_t k_own = 1000;
constexpr uid_t k_other = 1001;

bool is_exposed(mode_t mode, uid_t owner, uid_t reader) {
  return exposure_of({.mode = mode, .owner = owner}, reader, "file").has_value();
}

TEST_CASE("others never need to read a secret") {
  CHECK(is_exposed(0604, k_own, k_own));
  CHECK(is_exposed(0644, k_root, k_own));
  CHECK(is_exposed(0644, k_root, k_root));
}

TEST_CASE("a group needs to read the file of another user, and not one's own") {
  CHECK(is_exposed(0640, k_own, k_own));
  CHECK_FALSE(is_exposed(0640, k_root, k_own));
  CHECK_FALSE(is_exposed(0640, k_other, k_own));
  CHECK_FALSE(is_exposed(0640, k_root, k_root));  // for whom it is meant, root cannot know
}

TEST_CASE("a file of one's own is private") {
  CHECK_FALSE(is_exposed(0600, k_own, k_own));
  CHECK_FALSE(is_exposed(0400, k_own, k_own));
  CHECK_FALSE(is_exposed(0622, k_own, k_own));  // writing is another matter
}

TEST_CASE("the sentence says who, and what to do") {
  CHECK(exposure_of({.mode = 0644, .owner = k_own}, k_own, "t.key") ==
        "its group and others can read it (mode 0644): chmod 600 t.key");
  CHECK(exposure_of({.mode = 0644, .owner = k_root}, k_own, "t.key") ==
        "others can read it (mode 0644): chmod o-rwx t.key");
}

TEST_CASE("what is no file is not exposed") {
  CHECK_FALSE(exposure_of("/dev/null"));
  CHECK_FALSE(exposure_of("/nonexistent/file"));
}

}  // namespace
}  // namespace rollcall
