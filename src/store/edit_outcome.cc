#include "store/edit_outcome.h"

#include "base/counted.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/ignored_rows.h"

namespace rollcall::store {

NewlyIgnored::~NewlyIgnored() {
  if (count_ <= limits::k_ignored_rows_said_max) return;
  log::warn("edited in the database and ignored: {}", counted(count_ - limits::k_ignored_rows_said_max, "more row"));
}

void NewlyIgnored::add(const std::string& name, const std::string& problem) {
  if (rows_.add(name, problem) && ++count_ <= limits::k_ignored_rows_said_max) {
    log::warn("edited in the database and ignored: {}: {}", name, problem);
  }
}

}  // namespace rollcall::store
