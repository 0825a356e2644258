// A domain name: a validated value.
//
// Shape    always absolute, in uncompressed wire form, ending with the root label; at most 255 octets and 127 labels
//          before the root. Case is preserved; comparison and hashing ignore ASCII case only (RFC 4343). A label may
//          contain any octets (RFC 2181 §11).
// Made     only by parsing or from other names, so every Name is valid.
// Threads  value.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"

namespace rollcall::dns {

// ASCII only (RFC 4343 §3).
[[nodiscard]] constexpr std::uint8_t fold(std::uint8_t octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet | 0x20) : octet;
}

class Name {
 public:
  // The root.
  Name() : wire_(1, '\0') {}

  // Presentation form, with or without the final dot: always absolute. Escapes as RFC 1035 §5.1 (`\.`, `\032`).
  [[nodiscard]] static std::optional<Name> parse(std::string_view presentation);
  // Uncompressed wire form at the front of `bytes`; ignores the bytes after it.
  [[nodiscard]] static std::optional<Name> parse_wire(Bytes bytes);
  // `label` in front of `parent`; empty when the label is empty or over 63 octets, or the whole over 255.
  [[nodiscard]] static std::optional<Name> join(std::string_view label, const Name& parent);

  [[nodiscard]] Bytes wire() const { return octets(wire_); }
  // The wire form in lower case; use it as a key in containers.
  [[nodiscard]] std::string folded_wire() const;
  [[nodiscard]] bool is_root() const { return wire_.size() == 1; }
  [[nodiscard]] std::size_t label_count() const;  // without the root
  // The name without its first label. Must not be called on the root.
  [[nodiscard]] Name parent() const;
  // The first label's octets. Must not be called on the root.
  [[nodiscard]] std::string_view first_label() const;
  // Whether this name equals `ancestor` or is below it.
  [[nodiscard]] bool is_within(const Name& ancestor) const;
  // Presentation form with the final dot; non-printing octets as \DDD.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string text_without_dot() const;  // "." for the root

  friend bool operator==(const Name& a, const Name& b);
  // Canonical order (RFC 4034 §6.1).
  friend std::weak_ordering operator<=>(const Name& a, const Name& b);

 private:
  explicit Name(std::string wire) : wire_(std::move(wire)) {}
  std::string wire_;
};

// The name of a question: in lower case for lookups, with the offsets of its labels, in a fixed-size buffer (no
// allocation).
struct QuestionName {
  std::array<std::uint8_t, limits::k_name_bytes_max> folded;  // wire form, lower case
  std::array<std::uint8_t, limits::k_name_labels_max + 1>
      label_offset;         // of each label's length octet; the root's last
  std::uint8_t size = 0;    // octets of `folded` in use
  std::uint8_t labels = 0;  // without the root

  // From the label numbered `first` (0: the whole name) to the root.
  [[nodiscard]] std::string_view suffix(std::size_t first) const {
    return {reinterpret_cast<const char*>(folded.data()) + label_offset[first],
            static_cast<std::size_t>(size - label_offset[first])};
  }
  // The octets of one label, without its length octet.
  [[nodiscard]] std::string_view label(std::size_t index) const {
    const std::size_t at = label_offset[index];
    return {reinterpret_cast<const char*>(folded.data()) + at + 1, folded[at]};
  }

  // Reads an uncompressed name at the front of `bytes`. False: a compression pointer, an unknown label type (RFC 6891
  // §5), too long, or truncated.
  [[nodiscard]] bool read(Bytes bytes);
};

}  // namespace rollcall::dns
