#include "net/http/header_fields.h"

#include "base/ascii_case.h"
#include "base/check.h"

namespace rollcall::net {
std::string_view FieldLines::find(std::string_view name) const {
  std::string_view left = lines_;
  while (!left.empty()) {
    const std::size_t end = left.find("\r\n");
    const std::size_t colon = left.find(':');
    check(colon < end && end != std::string_view::npos, "each line has a colon and its end");
    if (equal_but_for_case(left.substr(0, colon), name)) return api::trim(left.substr(colon + 1, end - colon - 1));
    left.remove_prefix(end + 2);
  }
  return {};
}

std::string_view ParsedFields::find(std::string_view name) const {
  check(fields_ != nullptr, "a head was parsed");
  const auto found = fields_->find({name.data(), name.size()});
  if (found == fields_->end()) return {};
  return {found->value().data(), found->value().size()};
}

}  // namespace rollcall::net
