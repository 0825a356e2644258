// The names a template may use, as the tree of values that Mustache walks.
//
// Shape    pure: a service of the roll to a value. Names and their meaning: docs/templates.md.
#pragma once

#include <kainjow/mustache.hpp>
#include <string>

#include "tools/rollcall/roll.h"

namespace rollcall::cli {

using TemplateValue = kainjow::mustache::data;

[[nodiscard]] TemplateValue name_service(const Service& service);

// As name_service, of a service nobody has registered for.
[[nodiscard]] TemplateValue name_empty_service(const std::string& name, const std::string& zone);

// "192.0.2.1:80", "[2001:db8::1]:80".
[[nodiscard]] std::string endpoint_text(const std::string& address, std::uint16_t port);

}  // namespace rollcall::cli
