#include "registry/instance/change.h"

namespace rollcall::registry {
namespace {

const InstanceKey& key_in(const Register& change) { return change.registration.key; }
const InstanceKey& key_in(const Edit& change) { return change.registration.key; }
const InstanceKey& key_in(const auto& change) { return change.key; }

}  // namespace

const InstanceKey& key_of(const Change& change) {
  return std::visit([](const auto& asked) -> const InstanceKey& { return key_in(asked); }, change.asked);
}

}  // namespace rollcall::registry
