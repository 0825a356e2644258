#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace rollcall {

void fail_check(const char* sentence, std::source_location where) noexcept {
  std::fprintf(stderr, "rollcall: %s:%u: %s: %s\n", where.file_name(), where.line(), where.function_name(), sentence);
  std::abort();
}

}  // namespace rollcall
