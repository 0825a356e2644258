#include "json/body.h"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::json {
namespace {

constexpr std::size_t k_stack_bytes = 2 * 1024;  // of the values of what is still open, before memory is asked for
constexpr std::size_t k_names_usual = 16;        // of a registration

// What basic_parser calls as it reads: builds the value, and keeps the names of every open object to find repeats.
class TreeBuilder {
 public:
  static constexpr std::size_t max_object_size = boost::json::object::max_size();
  static constexpr std::size_t max_array_size = boost::json::array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  explicit TreeBuilder(boost::json::storage_ptr memory) {
    stack_.reset(std::move(memory));
    keys_.reserve(k_names_usual);
  }

  [[nodiscard]] boost::json::value release() { return stack_.release(); }
  [[nodiscard]] const std::string& repeated() const { return repeated_; }  // the path of a name that came twice

  bool on_document_begin(boost::json::error_code&) { return true; }
  bool on_document_end(boost::json::error_code&) { return true; }

  bool on_object_begin(boost::json::error_code&) { return enter(false); }
  bool on_object_end(std::size_t members, boost::json::error_code& error) {
    if (find_repeat()) {
      error = boost::json::error::syntax;  // stops the parser; `repeated` tells why
      return false;
    }
    stack_.push_object(members);
    return leave();
  }
  bool on_array_begin(boost::json::error_code&) { return enter(true); }
  bool on_array_end(std::size_t elements, boost::json::error_code&) {
    stack_.push_array(elements);
    return leave();
  }

  bool on_key_part(boost::json::string_view part, std::size_t, boost::json::error_code&) {
    key_.append(part.data(), part.size());
    stack_.push_chars(part);
    return true;
  }
  bool on_key(boost::json::string_view rest, std::size_t, boost::json::error_code&) {
    key_.append(rest.data(), rest.size());
    keys_.push_back(std::exchange(key_, {}));
    stack_.push_key(rest);
    return true;
  }
  bool on_string_part(boost::json::string_view part, std::size_t, boost::json::error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(boost::json::string_view rest, std::size_t, boost::json::error_code&) {
    stack_.push_string(rest);
    return end_value();
  }
  bool on_number_part(boost::json::string_view, boost::json::error_code&) { return true; }
  bool on_int64(std::int64_t number, boost::json::string_view, boost::json::error_code&) {
    stack_.push_int64(number);
    return end_value();
  }
  bool on_uint64(std::uint64_t number, boost::json::string_view, boost::json::error_code&) {
    stack_.push_uint64(number);
    return end_value();
  }
  bool on_double(double number, boost::json::string_view, boost::json::error_code&) {
    stack_.push_double(number);
    return end_value();
  }
  bool on_bool(bool truth, boost::json::error_code&) {
    stack_.push_bool(truth);
    return end_value();
  }
  bool on_null(boost::json::error_code&) {
    stack_.push_null();
    return end_value();
  }
  bool on_comment_part(boost::json::string_view, boost::json::error_code&) { return true; }
  bool on_comment(boost::json::string_view, boost::json::error_code&) { return true; }

 private:
  // An object or array that is still open.
  struct Level {
    std::string path;
    std::size_t keys_begin;  // its names are keys_[keys_begin …]
    std::size_t elements;    // complete so far, of an array
    bool is_array;
  };

  [[nodiscard]] static std::string join(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
  }

  bool enter(bool is_array) {
    std::string path;
    if (!levels_.empty()) {
      const Level& outer = levels_.back();
      path = outer.is_array ? fmt::format("{}[{}]", outer.path, outer.elements) : join(outer.path, keys_.back());
    }
    levels_.push_back({std::move(path), keys_.size(), 0, is_array});
    return true;
  }
  bool leave() {
    check(!levels_.empty() && levels_.back().keys_begin <= keys_.size(), "what is closed was open");
    keys_.resize(levels_.back().keys_begin);
    levels_.pop_back();
    return end_value();
  }
  bool end_value() {
    if (!levels_.empty() && levels_.back().is_array) ++levels_.back().elements;
    return true;
  }
  bool find_repeat() {
    check(!levels_.empty(), "names are those of an open object");
    const Level& level = levels_.back();
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(level.keys_begin);
    std::sort(begin, keys_.end());
    const auto repeat = std::adjacent_find(begin, keys_.end());
    if (repeat == keys_.end()) return false;
    repeated_ = join(level.path, repeat->substr(0, limits::k_meta_key_max));
    return true;
  }

  alignas(std::max_align_t) std::array<unsigned char, k_stack_bytes> room_;
  boost::json::value_stack stack_{{}, room_.data(), room_.size()};
  std::vector<Level> levels_;
  std::vector<std::string> keys_;
  std::string key_;  // the beginning of the name that is being read
  std::string repeated_;
};

std::string_view reason_of(const boost::json::error_code& error) {
  if (error == boost::json::error::incomplete) return "it ends too early";
  if (error == boost::json::error::extra_data) return "something follows the object";
  if (error == boost::json::error::too_deep) return "it is nested too deeply";
  return "this is no JSON";
}

std::unexpected<Error> malformed(std::size_t byte, std::string_view reason) {
  return failure(Errc::malformed, fmt::format("bad JSON at byte {}: {}", byte, reason));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

Result<boost::json::object> parse_object(std::string_view body, std::string_view expected,
                                         boost::json::storage_ptr memory) {
  if (is_blank(body)) return failure(Errc::malformed, fmt::format("the body is empty; it must be {}", expected));
  boost::json::parse_options options;
  options.max_depth = limits::k_json_depth_max;
  boost::json::basic_parser<TreeBuilder> parser(options, std::move(memory));
  boost::json::error_code error;
  const std::size_t read = parser.write_some(false, body.data(), body.size(), error);
  if (const std::string& path = parser.handler().repeated(); !path.empty()) {
    return failure(Errc::invalid, fmt::format("{} is given twice", path), path);
  }
  if (error) return malformed(read, reason_of(error));
  if (read < body.size()) return malformed(read, reason_of(boost::json::error::extra_data));
  boost::json::value value = parser.handler().release();
  if (!value.is_object()) return failure(Errc::malformed, fmt::format("the body must be {}", expected));
  return std::move(value.get_object());
}

}  // namespace rollcall::json
