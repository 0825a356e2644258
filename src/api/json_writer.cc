#include "api/json_writer.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace rollcall::api {
namespace {

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == '\x7f'; }

}  // namespace

JsonWriter& JsonWriter::name(std::string_view constant) {
  separate();
  out_.append(1, '"').append(constant).append("\":");
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  if (std::ranges::any_of(text, needs_escape)) {
    out_ += boost::json::serialize(boost::json::string_view(text.data(), text.size()));
  } else {
    out_.append(1, '"').append(text).append(1, '"');
  }
  return *this;
}

}  // namespace rollcall::api
