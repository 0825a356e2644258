#include "api/consul/agent/plan.h"

namespace rollcall::api::consul {

Result<health::SharedPlan> plan_of(const rollcall::consul::Attributes&, std::string_view) {
  return health::SharedPlan();
}

}  // namespace rollcall::api::consul
