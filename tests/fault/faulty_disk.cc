// rollcalld on a disk that is slow, or fails, while a test says so: linked to rollcalld.cc it puts a FaultyVfs under SQLite.
//
//   $ROLLCALL_FAULTY_DISK   a file of one character, which the test changes while the server runs:
//                           '.' sound   's' slow: writes and syncs take a while   'f' nothing can be written
//                           'h' hangs: a write does not come back while the file says so
//                           'r' at random: one write in 8 fails, one step in 16 takes a while
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#include "fault/store_faulty_vfs.h"

namespace rollcall::store {
namespace {

constexpr std::chrono::milliseconds k_slow{150};
constexpr std::chrono::milliseconds k_while{30};

const volatile char* map_state() {
  const char* path = std::getenv("ROLLCALL_FAULTY_DISK");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return ".";
  void* const mapped = mmap(nullptr, 1, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return mapped == MAP_FAILED ? "." : static_cast<const volatile char*>(mapped);
}

int judge(const volatile char* live, Step step) {
  static thread_local std::minstd_rand random(static_cast<unsigned>(gettid()));
  const bool changes = step == Step::write || step == Step::sync || step == Step::truncate;
  switch (*live) {
    case 's':
      if (changes) std::this_thread::sleep_for(k_slow);
      return SQLITE_OK;
    case 'h':
      while (changes && *live == 'h') std::this_thread::sleep_for(k_while);
      return SQLITE_OK;
    case 'f': return changes ? SQLITE_FULL : SQLITE_OK;
    case 'r':
      if (random() % 16 == 0) std::this_thread::sleep_for(k_while);
      return changes && random() % 8 == 0 ? SQLITE_IOERR_WRITE : SQLITE_OK;
    default: return SQLITE_OK;
  }
}

class FaultyDisk {
 public:
  FaultyDisk() {
    vfs_.judge = [state = map_state()](Step step, std::string_view) { return judge(state, step); };
  }

 private:
  FaultyVfs vfs_;
};

const FaultyDisk disk;

}  // namespace
}  // namespace rollcall::store
