// Stores serials of zones before they are shown (registry::KeepSerials), from whichever thread they are made on.
//
// Owner    rollcalld.cc. The store and the writer outlive it, and so does whoever waits in `keep`.
// Threads  `keep_now` while the writer's thread does not run; `keep` any but the writer's, and not in a ReadLock: it waits
//          for the writer, which waits for readers.
// Failure  false; said once in the log until it works again.
#pragma once

#include <vector>

#include "registry/ports.h"
#include "registry/writer.h"
#include "store/instance_store.h"

namespace rollcall::store {

class SerialKeeper {
 public:
  SerialKeeper(InstanceStore& store, registry::Writer& writer) : store_(store), writer_(writer) {}

  bool keep_now(const std::vector<registry::KeptSerial>& serials);
  // False also when the writer stops meanwhile.
  bool keep(const std::vector<registry::KeptSerial>& serials);

 private:
  InstanceStore& store_;
  registry::Writer& writer_;
  bool is_told_ = false;  // of the last failure; of whichever thread has the store
};

}  // namespace rollcall::store
