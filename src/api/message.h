// HTTP requests and responses as this room sees them: no sockets and no parser. net/ fills the one and sends the other.
//
// Shape    a Request borrows from the connection's buffer for one call; a Response owns its body.
// Threads  values of one connection.
// Source   RFC 9110 §9 (methods), §5 (fields).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/caller.h"

namespace rollcall::api {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };

// As in a request line; "?" for Method::other.
[[nodiscard]] std::string_view to_text(Method method);

// A field's value without the blanks around it (RFC 9110 §5.5).
[[nodiscard]] inline std::string_view trim(std::string_view value) {
  while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  return value;
}

// The header fields of a request, looked up when somebody asks: most calls read none.
class HeaderFields {
 public:
  virtual ~HeaderFields() = default;
  // The value of the first field with this name, without the spaces around it; empty where there is none. The case of the
  // name does not matter. Trailers, which come after the body, are not among the fields.
  [[nodiscard]] virtual std::string_view find(std::string_view name) const = 0;
};

struct Request {
  Method method = Method::get;
  std::string_view target;  // origin form, as sent: "/v1/services/web?zone=…"
  std::string_view body;
  std::string_view authorization = {};   // the header field, as sent; empty where there is none
  bool is_from_page = false;             // it has an Origin field: sent by a page in a browser (RFC 6454 §7)
  Caller* caller = nullptr;              // of the connection; null in tests of calls that anyone may make
  const HeaderFields* fields = nullptr;  // null: there is no other field

  [[nodiscard]] std::string_view header(std::string_view name) const {
    return fields == nullptr ? std::string_view() : fields->find(name);
  }
};

struct Response {
  unsigned status = 200;
  std::string_view content_type = "application/json";  // a constant; empty: the field is left out
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;  // names are constants
};

}  // namespace rollcall::api
