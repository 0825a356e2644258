// The header fields of a request, where the router's doors look them up.
//
// Shape    two implementations: the lines of a head in the buffer (fast_request.h), and the fields of Beast's parser.
// Owner    the reader; they borrow from its buffer, or its parser, until the request is accepted.
// Threads  its loop's.
// Source   RFC 9110 §5.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <string_view>

#include "api/message.h"

namespace rollcall::net {

// `name: value` lines, each with its CRLF: what find_fast_request has checked.
class FieldLines final : public api::HeaderFields {
 public:
  void show(std::string_view lines) { lines_ = lines; }
  [[nodiscard]] std::string_view find(std::string_view name) const override;

 private:
  std::string_view lines_;
};

class ParsedFields final : public api::HeaderFields {
 public:
  void show(const boost::beast::http::fields& fields) { fields_ = &fields; }
  [[nodiscard]] std::string_view find(std::string_view name) const override;

 private:
  const boost::beast::http::fields* fields_ = nullptr;
};

}  // namespace rollcall::net
