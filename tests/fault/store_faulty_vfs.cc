#include "fault/store_faulty_vfs.h"

#include <new>

#include "base/check.h"

namespace rollcall::store {
namespace {

// SQLite gives us the memory: ours, and behind it that of the real file.
struct File {
  sqlite3_file base;
  FaultyVfs* vfs;
  const char* name;

  [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  [[nodiscard]] const sqlite3_io_methods& methods() { return *real()->pMethods; }
};

File& file_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

// The step as it is planned: fails, or is done by `act`.
template <class Act>
int take(sqlite3_file* file, Step step, Act act) {
  File& ours = file_of(file);
  const int code = ours.vfs->decide(step, ours.name);
  return code != SQLITE_OK ? code : act(ours);
}

int close(sqlite3_file* file) { return file_of(file).methods().xClose(file_of(file).real()); }

int read(sqlite3_file* file, void* to, int count, sqlite3_int64 offset) {
  return take(file, Step::read, [&](File& ours) { return ours.methods().xRead(ours.real(), to, count, offset); });
}

int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
  File& ours = file_of(file);
  if (ours.vfs->on_write) ours.vfs->on_write(ours.name);
  const int code = ours.vfs->decide(Step::write, ours.name);
  const int written = code == SQLITE_OK ? count : count / 2;  // torn
  const int done = ours.methods().xWrite(ours.real(), from, written, offset);
  return code != SQLITE_OK ? code : done;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  return take(file, Step::truncate, [&](File& ours) { return ours.methods().xTruncate(ours.real(), size); });
}

int sync(sqlite3_file* file, int /*flags*/) {
  return take(file, Step::sync, [](File& /*ours*/) { return SQLITE_OK; });
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return take(file, Step::size, [&](File& ours) { return ours.methods().xFileSize(ours.real(), size); });
}

int lock(sqlite3_file* file, int level) {
  return take(file, Step::lock, [&](File& ours) { return ours.methods().xLock(ours.real(), level); });
}

int unlock(sqlite3_file* file, int level) { return file_of(file).methods().xUnlock(file_of(file).real(), level); }

int check_reserved_lock(sqlite3_file* file, int* out) {
  return file_of(file).methods().xCheckReservedLock(file_of(file).real(), out);
}

int file_control(sqlite3_file* file, int operation, void* argument) {
  return file_of(file).methods().xFileControl(file_of(file).real(), operation, argument);
}

int sector_size(sqlite3_file* file) { return file_of(file).methods().xSectorSize(file_of(file).real()); }

int device_characteristics(sqlite3_file* file) {
  return file_of(file).methods().xDeviceCharacteristics(file_of(file).real());
}

int shm_map(sqlite3_file* file, int page, int page_bytes, int extend, void volatile** out) {
  return take(file, Step::index,
              [&](File& ours) { return ours.methods().xShmMap(ours.real(), page, page_bytes, extend, out); });
}

int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  const auto act = [&](File& ours) { return ours.methods().xShmLock(ours.real(), offset, count, flags); };
  return (flags & SQLITE_SHM_LOCK) != 0 ? take(file, Step::lock, act) : act(file_of(file));
}

void shm_barrier(sqlite3_file* file) { file_of(file).methods().xShmBarrier(file_of(file).real()); }

int shm_unmap(sqlite3_file* file, int remove) {
  return file_of(file).methods().xShmUnmap(file_of(file).real(), remove);
}

const sqlite3_io_methods k_methods{
    2,
    close,
    read,
    write,
    truncate,
    sync,
    file_size,
    lock,
    unlock,
    check_reserved_lock,
    file_control,
    sector_size,
    device_characteristics,
    shm_map,
    shm_lock,
    shm_barrier,
    shm_unmap,
    nullptr,
    nullptr,
};

FaultyVfs& vfs_of(sqlite3_vfs* shim) { return *static_cast<FaultyVfs*>(shim->pAppData); }

int open(sqlite3_vfs* shim, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  File& ours = *new (file) File{{nullptr}, &vfs_of(shim), name != nullptr ? name : ""};
  sqlite3_vfs* real = ours.vfs->real();
  const int code = real->xOpen(real, name, ours.real(), flags, out_flags);
  if (ours.real()->pMethods != nullptr) ours.base.pMethods = &k_methods;
  return code;
}

int sleep(sqlite3_vfs* shim, int microseconds) {
  if (vfs_of(shim).judge) return vfs_of(shim).real()->xSleep(vfs_of(shim).real(), microseconds);
  vfs_of(shim).note_wait(microseconds);
  return microseconds;
}

}  // namespace

FaultyVfs::FaultyVfs() : real_(sqlite3_vfs_find("unix")), shim_(*real_) {
  check(real_ != nullptr, "SQLite has a VFS named unix");
  shim_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  shim_.zName = "rollcall-faulty";
  shim_.pNext = nullptr;
  shim_.pAppData = this;
  shim_.xOpen = open;
  shim_.xSleep = sleep;
  sqlite3_vfs_register(&shim_, 1);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&shim_);
  sqlite3_vfs_register(real_, 1);
}

void FaultyVfs::arm(Step step, int first, int last, int code) {
  step_ = step;
  first_ = first;
  last_ = last;
  code_ = code;
  seen_ = failures_ = 0;
}

int FaultyVfs::decide(Step step, std::string_view file_name) {
  if (judge) return judge(step, file_name);
  if (step != step_ || !file_name.ends_with(file_end_)) return SQLITE_OK;
  const int n = seen_++;
  if (n < first_ || n >= last_) return SQLITE_OK;
  ++failures_;
  return code_;
}

}  // namespace rollcall::store
