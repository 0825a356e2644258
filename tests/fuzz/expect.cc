#include <cstdio>
#include <cstdlib>

#include "fuzz/targets.h"

namespace rollcall::fuzz {

void expect(bool holds, std::string_view sentence) {
  if (holds) return;
  std::fprintf(stderr, "this does not hold: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  std::abort();
}

}  // namespace rollcall::fuzz
