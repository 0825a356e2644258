// Lists of short values packed in one run of octets, each with a length prefix: how an Instance stores addresses, tags
// and meta. Read in order; values are decoded while iterating, without allocation.
//
// Shape    a view. `Code` says what a value is, how it is read, and how it is appended to a run being made.
// Owner    the block that contains the run; a list borrows it.
// Threads  immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "health/check_result.h"

namespace rollcall::registry {

template <class Code>
class PackedList {
 public:
  class Iterator {
   public:
    using value_type = typename Code::Value;
    using reference = value_type;
    using pointer = void;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;

    Iterator() = default;
    explicit Iterator(const char* at) : at_(at) {}
    value_type operator*() const { return Code::read(at_); }
    Iterator& operator++() {
      at_ += Code::size_at(at_);
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const char* at_ = nullptr;
  };
  using const_iterator = Iterator;
  using value_type = typename Code::Value;

  explicit PackedList(std::string_view run) : run_(run) {}
  [[nodiscard]] Iterator begin() const { return Iterator(run_.data()); }
  [[nodiscard]] Iterator end() const { return Iterator(run_.data() + run_.size()); }
  [[nodiscard]] bool empty() const { return run_.empty(); }
  [[nodiscard]] value_type front() const { return *begin(); }

 private:
  std::string_view run_;
};

namespace packed {

inline std::size_t octet(const char* at) { return static_cast<std::uint8_t>(*at); }

// One octet of length, and the text. At most 255 octets.
struct Text {
  using Value = std::string_view;
  static Value read(const char* at) { return {at + 1, octet(at)}; }
  static std::size_t size_at(const char* at) { return 1 + octet(at); }
  static std::size_t size_of(std::string_view text) { return 1 + text.size(); }
  static char* write(std::string_view text, char* at) {
    *at++ = static_cast<char>(text.size());
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }
};

// The same; 255 says that two octets of length follow. A label is always of the short form.
struct LongText {
  using Value = std::string_view;
  static constexpr std::size_t k_long = 255;
  static Value read(const char* at) {
    if (octet(at) != k_long) return {at + 1, octet(at)};
    return {at + 3, octet(at + 1) << 8 | octet(at + 2)};
  }
  static std::size_t size_at(const char* at) { return size_of(read(at)); }
  static std::size_t size_of(std::string_view text) { return (text.size() < k_long ? 1 : 3) + text.size(); }
  static char* write(std::string_view text, char* at) {
    if (text.size() < k_long) return Text::write(text, at);
    *at++ = static_cast<char>(k_long);
    *at++ = static_cast<char>(text.size() >> 8);
    *at++ = static_cast<char>(text.size());
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }
};

// One octet of length, the key; two octets of length, the value.
struct Pair {
  using Value = std::pair<std::string_view, std::string_view>;
  static Value read(const char* at) {
    const std::string_view key = Text::read(at);
    const char* value = at + Text::size_at(at);
    return {key, {value + 2, octet(value) << 8 | octet(value + 1)}};
  }
  static std::size_t size_at(const char* at) {
    const auto [key, value] = read(at);
    return size_of({key, value});
  }
  static std::size_t size_of(const Value& pair) { return Text::size_of(pair.first) + 2 + pair.second.size(); }
  static char* write(const Value& pair, char* at) {
    at = Text::write(pair.first, at);
    *at++ = static_cast<char>(pair.second.size() >> 8);
    *at++ = static_cast<char>(pair.second.size());
    std::memcpy(at, pair.second.data(), pair.second.size());
    return at + pair.second.size();
  }
};

// As RDATA has it, behind its length: 4 or 16.
struct Address {
  using Value = IpAddress;
  static Value read(const char* at) {
    const auto* octets = reinterpret_cast<const std::uint8_t*>(at + 1);
    return octet(at) == 4 ? IpAddress::v4(std::span<const std::uint8_t, 4>(octets, 4))
                          : IpAddress::v6(std::span<const std::uint8_t, 16>(octets, 16));
  }
  static std::size_t size_at(const char* at) { return 1 + octet(at); }
  static std::size_t size_of(const IpAddress& address) { return 1 + address.bytes().size(); }
  static char* write(const IpAddress& address, char* at) { return Text::write(text_of(address.bytes()), at); }
};

}  // namespace packed

using PackedTexts = PackedList<packed::LongText>;
using PackedPairs = PackedList<packed::Pair>;
using PackedAddresses = PackedList<packed::Address>;
using PackedResults = PackedList<health::packed::Result>;

}  // namespace rollcall::registry
