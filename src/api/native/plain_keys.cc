#include "api/native/plain_keys.h"

#include "base/limits.h"

namespace rollcall::api::native {
namespace {

bool is_label_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }
bool is_id_character(char c) { return c > ' ' && c < '\x7f' && c != '/' && c != '"' && c != '\\'; }

// Walks over the text; a step that finds something else makes it fail for good.
class Walk {
 public:
  explicit Walk(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] bool is_at_end() {
    skip_blanks();
    return at_ == end_;
  }
  bool skip(char wanted) {
    skip_blanks();
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }
  // A string without escapes, of the characters that `is_one` takes, up to its quote.
  template <class F>
  bool read_text(F&& is_one, std::string_view& into) {
    if (!skip('"')) return false;
    const char* const begin = at_;
    while (at_ != end_ && is_one(*at_)) ++at_;
    into = {begin, static_cast<std::size_t>(at_ - begin)};
    if (at_ == end_ || *at_ != '"') return false;
    ++at_;
    return true;
  }
  bool skip_name(std::string_view wanted) {
    std::string_view name;
    return read_text(is_label_character, name) && name == wanted && skip(':');
  }

 private:
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  const char* at_;
  const char* const end_;
};

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= limits::k_label_bytes_max && text.front() != '-' && text.back() != '-';
}

bool read_service(Walk& walk, registry::InstanceRef& key) {
  return walk.read_text(is_label_character, key.service.name) && is_label(key.service.name);
}

bool read_id(Walk& walk, registry::InstanceRef& key) {
  return walk.read_text(is_id_character, key.id) && !key.id.empty() && key.id.size() <= limits::k_id_characters_max;
}

bool read_key(Walk& walk, registry::InstanceRef& key) {
  std::string_view first;
  if (!walk.skip('{') || !walk.read_text(is_label_character, first) || !walk.skip(':')) return false;
  if (first == "service") {
    return read_service(walk, key) && walk.skip(',') && walk.skip_name("id") && read_id(walk, key) && walk.skip('}');
  }
  return first == "id" && read_id(walk, key) && walk.skip(',') && walk.skip_name("service") &&
         read_service(walk, key) && walk.skip('}');
}

}  // namespace

bool read_plain_keys(std::string_view body, registry::ZoneId zone, std::vector<registry::InstanceRef>& into) {
  Walk walk(body);
  if (!walk.skip('{') || !walk.skip_name("instances") || !walk.skip('[')) return false;
  if (!walk.skip(']')) {
    do {
      registry::InstanceRef key{{zone, {}}, {}};
      if (!read_key(walk, key)) return false;
      into.push_back(key);
    } while (walk.skip(','));
    if (!walk.skip(']')) return false;
  }
  return walk.skip('}') && walk.is_at_end();
}

}  // namespace rollcall::api::native
