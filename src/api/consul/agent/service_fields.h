// The body of agent/service/register.
//
// Shape    values.
// Failure  a bare sentence, as Consul says it.
// Source   docs/consul.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/consul/agent/check_fields.h"
#include "consul/attributes.h"
#include "registry/instance/instance.h"

namespace rollcall::api::consul {

struct AskedService {
  std::string name;  // as sent
  std::string key;   // of the service on the roll
  std::string id;
  std::vector<std::string> tags;
  std::string address;  // empty: none was given
  std::uint16_t port = 0;
  std::vector<std::pair<std::string, std::string>> meta;
  std::map<std::string, rollcall::consul::TaggedAddress> tagged_addresses;
  rollcall::consul::Weights weights;
  bool enable_tag_override = false;
  std::string kind;
  std::vector<AskedCheck> checks;  // each with its id and its name
};

[[nodiscard]] Result<AskedService> read_service(std::string_view body);

// The id of a check that has none of its own: the n-th (1, 2 …) of several of a service.
[[nodiscard]] std::string check_id_of(std::string_view service_id, std::size_t n, std::size_t of);
[[nodiscard]] std::string check_name_of(std::string_view service_name);

}  // namespace rollcall::api::consul
