#include "api/calls.h"

namespace rollcall::api {

Result<std::string> parse_service(const Call& call) {
  std::string room;
  return registry::parse_label(decode(call.service, room), "service");
}

Result<registry::InstanceKey> parse_instance_key(const Call& call) {
  Result<std::string> service = parse_service(call);
  if (!service) return std::unexpected(std::move(service.error()));
  std::string room;
  Result<std::string> id = registry::parse_instance_id(decode(call.id, room));
  if (!id) return std::unexpected(std::move(id.error()));
  return registry::InstanceKey{{call.zone(), std::move(*service)}, std::move(*id)};
}

}  // namespace rollcall::api
