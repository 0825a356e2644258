#include "answer/identity.h"

#include <string_view>

namespace rollcall::answer {
namespace {

// Folded wire form, the root's octet included.
constexpr std::string_view k_version_bind("\7version\4bind\0", 14);
constexpr std::string_view k_version_server("\7version\6server\0", 16);
constexpr std::string_view k_hostname_bind("\10hostname\4bind\0", 15);
constexpr std::string_view k_id_server("\2id\6server\0", 11);

}  // namespace

const std::string* Identity::find(const dns::Query& query) const {
  if (query.type != dns::Type::txt && query.type != dns::Type::any) return nullptr;
  const std::string_view name = query.name.suffix(0);
  const std::string* text = nullptr;
  if (name == k_version_bind || name == k_version_server) text = &version;
  if (name == k_hostname_bind) text = &hostname;
  if (name == k_id_server) text = &nsid;
  return text == nullptr || text->empty() ? nullptr : text;
}

}  // namespace rollcall::answer
