#include "api/route.h"

namespace rollcall::api {

bool Pattern::match(const Target& target, PathMatch& into) const {
  if (has_star_ ? target.segment_count <= count_ : target.segment_count != count_) return false;
  std::size_t captured = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::string_view segment = target.segments[i];
    if (is_capture_[i]) {
      if (segment.empty()) return false;
      into.captures[captured++] = segment;
    } else if (segments_[i] != segment) {
      return false;
    }
  }
  check(captured == captures_, "every capture of the pattern has its segment");
  while (captured < k_captures_max) into.captures[captured++] = {};
  into.rest = {};
  if (has_star_) into.rest = {target.segments[count_].data(), target.path.data() + target.path.size()};
  return true;
}

}  // namespace rollcall::api
