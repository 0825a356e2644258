// One main for every test program; every thread of a test that reads the roll needs to be known to RCU, the first one too.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

#include "base/rcu.h"

int main(int argc, char** argv) {
  const rollcall::rcu::Thread reader;
  const int failed = Catch::Session().run(argc, argv);
  rollcall::rcu::drain();
  return failed;
}
