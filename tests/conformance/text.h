// What a message says, as people write it: what expected answers are compared with.
//
// Source   presentation format by ldns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/message.h"

namespace rollcall::conformance {

using Lines = std::vector<std::string>;

// The records of one section, in their order: "www.c.test. 60 IN A 192.0.2.1". OPT is left out.
[[nodiscard]] Lines texts(const Message& message, Section section);
[[nodiscard]] inline Lines answers(const Message& message) { return texts(message, Section::answer); }
[[nodiscard]] inline Lines authorities(const Message& message) { return texts(message, Section::authority); }
[[nodiscard]] inline Lines additionals(const Message& message) { return texts(message, Section::additional); }
[[nodiscard]] Lines sorted(Lines lines);

// RCODE and the flags that are set, QR left out: "NOERROR AA", "FORMERR RD".
[[nodiscard]] std::string head(const Message& message);

// head, and how many records the sections hold: "NOERROR AA 1/0/0".
[[nodiscard]] std::string shape(const Message& message);

[[nodiscard]] std::string name_text(const Octets& wire);

}  // namespace rollcall::conformance
