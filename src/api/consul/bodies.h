// Bodies of health/service as they were written last: many clients read the same one, again and again.
//
// Shape    by service and by ?passing; a body counts for one index, and until the first of the leases in it may be over.
// Owner    the door.
// Threads  any.
// Limits   k_bodies_bytes_max in all; all are dropped when one more does not fit.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/guarded.h"
#include "registry/instance/instance.h"

namespace rollcall::api::consul {

class Bodies {
 public:
  using Shared = std::shared_ptr<const std::string>;

  // Null: there is none for this index now.
  [[nodiscard]] Shared find(const registry::ServiceKey& service, bool is_passing, registry::ChangeIndex index,
                            registry::LeaseTime now) const;
  void put(const registry::ServiceKey& service, bool is_passing, registry::ChangeIndex index,
           registry::LeaseTime good_until, std::string body);

 private:
  static constexpr std::size_t k_bodies_bytes_max = std::size_t{32} << 20;
  static constexpr std::size_t k_body_bytes_min = 2048;  // shorter ones are written as soon as they are found

  struct Body {
    registry::ChangeIndex index = 0;
    registry::LeaseTime good_until{};
    Shared text;
  };
  struct All {
    std::unordered_map<std::string, Body> by_key;
    std::size_t bytes = 0;
  };
  static std::string key_of(const registry::ServiceKey& service, bool is_passing);

  rollcall::Guarded<All> all_;
};

}  // namespace rollcall::api::consul
