// The door libFuzzer comes in by; FUZZ_TARGET is one of targets.h.
#include <cstddef>
#include <cstdint>

#include "base/rcu.h"
#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  static const rollcall::rcu::Thread k_reader;
  rollcall::fuzz::FUZZ_TARGET({octets, size});
  return 0;
}
