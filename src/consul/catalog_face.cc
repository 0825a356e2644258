#include "consul/catalog_face.h"

#include <string_view>
#include <utility>

#include "consul/attributes.h"

namespace rollcall::consul {

// Called for every instance of each service that changes: most attributes need not be read.
registry::CatalogFace face_of(const registry::Instance& instance) {
  const std::string_view text = instance.attributes();
  if (!text.contains(R"("node")") && !text.contains(R"("name")")) return {};
  Attributes attributes = parse_attributes(text);
  return {attributes.node ? std::move(attributes.node->name) : std::string(), std::move(attributes.name)};
}

}  // namespace rollcall::consul
