// What lists of Consul's API show of an instance beside its tags: the host it is on, and how its service is spelled.
//
// Threads  any.
#pragma once

#include "registry/work/catalog_index.h"

namespace rollcall::consul {

[[nodiscard]] registry::CatalogFace face_of(const registry::Instance& instance);

}  // namespace rollcall::consul
