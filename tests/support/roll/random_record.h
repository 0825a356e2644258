// Instances as they may stand on the roll, at random: every field of every door.
#pragma once

#include "base/random.h"
#include "registry/ports/journal.h"

namespace rollcall::cluster::testing {

[[nodiscard]] registry::InstanceRecord random_record(Random& random);

}  // namespace rollcall::cluster::testing
