// Stores serials of zones before they are shown (registry::KeepSerials), from whichever thread they are made on.
//
// Owner    rollcalld.cc. What keeps the serials and the writer outlive it, and so does a caller that waits in `keep`.
// Threads  `keep_now` while the writer's thread does not run; `keep` any but the writer's, and not in a ReadLock: it waits
//          for the writer, which waits for readers.
// Failure  returns false; logged once until a write succeeds again.
#pragma once

#include <vector>

#include "registry/ports/ports.h"
#include "registry/ports/storage.h"
#include "registry/work/writer.h"

namespace rollcall::registry {

class SerialKeeper {
 public:
  SerialKeeper(KeptSerials& kept, Writer& writer) : kept_(kept), writer_(writer) {}

  bool keep_now(const std::vector<KeptSerial>& serials);
  // False also when the writer stops meanwhile.
  bool keep(const std::vector<KeptSerial>& serials);

 private:
  KeptSerials& kept_;
  Writer& writer_;
  bool is_failing_ = false;  // the last attempt has failed, and the log says so
};

}  // namespace rollcall::registry
