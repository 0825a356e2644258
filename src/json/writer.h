// JSON text, appended piece by piece: the answers of the API, without a tree in between.
//
// Shape    commas come by themselves; the caller opens and closes in pairs, and gives every member of an object its
//          name. Strings are UTF-8.
// Owner    the writer owns the text until `take`.
// Source   RFC 8259.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace rollcall::json {

class Writer {
 public:
  explicit Writer(std::size_t bytes_expected = 256) { out_.reserve(bytes_expected); }

  Writer& open_object() { return open('{'); }
  Writer& close_object() { return close('}'); }
  Writer& open_array() { return open('['); }
  Writer& close_array() { return close(']'); }

  // The name of the member whose value comes next: a constant that needs no escaping.
  Writer& name(std::string_view constant);

  // The same for a name that comes from outside.
  Writer& text_name(std::string_view text) {
    value(text);
    out_ += ':';
    return *this;
  }

  Writer& value(std::string_view text) { return joined({text}); }
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(std::same_as<bool> auto truth) { return raw(truth ? "true" : "false"); }
  // Text that is JSON already.
  Writer& raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
  }
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  Writer& value(T number) {
    append(k_digits_max, [&](char* at) { return std::to_chars(at, at + k_digits_max, number).ptr; });
    return *this;
  }

  // One string of several pieces.
  Writer& joined(std::initializer_list<std::string_view> pieces);

  template <class T>
  Writer& member(std::string_view constant, const T& its_value) {
    return name(constant).value(its_value);
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  static constexpr std::size_t k_digits_max = 20;  // of a number, with its sign

  Writer& open(char bracket) {
    separate();
    out_ += bracket;
    return *this;
  }
  Writer& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  // A value ends in none of these characters, since a string ends in its quote.
  [[nodiscard]] bool needs_comma() const {
    if (out_.empty()) return false;
    const char last = out_.back();
    return last != '{' && last != '[' && last != ':';
  }
  void separate() {
    if (needs_comma()) out_ += ',';
  }
  // At most `bytes` after a comma where one is due, in one step: `write` puts them at a place, and returns their end.
  template <class Write>
  void append(std::size_t bytes, Write write) {
    const bool has_comma = needs_comma();
    const std::size_t size = out_.size();
    out_.resize_and_overwrite(size + 1 + bytes, [&](char* text, std::size_t) {
      text[size] = ',';
      return static_cast<std::size_t>(write(text + size + (has_comma ? 1 : 0)) - text);
    });
  }

  std::string out_;
};

}  // namespace rollcall::json
