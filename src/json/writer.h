// JSON text, appended piece by piece: the answers of the API, without a tree in between.
//
// Shape    commas come by themselves; the caller opens and closes in pairs, and gives every member of an object its
//          name. Strings are UTF-8.
// Owner    the writer owns the text until `take`.
// Source   RFC 8259.
#pragma once

#include <array>
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

  Writer& value(std::string_view text);
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
    separate();
    std::array<char, 20> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out_.append(digits.data(), end);
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
  void separate() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_ += ',';
  }

  std::string out_;
};

}  // namespace rollcall::json
