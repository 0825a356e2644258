// The variables of a template: converts a service to the value tree that the Mustache library reads.
//
// Shape    pure functions.
// Threads  any thread.
// Source   docs/templates.md lists the variables.
#pragma once

#include <kainjow/mustache.hpp>
#include <string>

#include "tools/rollcall/roll.h"

namespace rollcall::cli {

using TemplateValue = kainjow::mustache::data;

[[nodiscard]] TemplateValue name_service(const Service& service);

// As name_service, for a service without instances.
[[nodiscard]] TemplateValue name_empty_service(const std::string& name, const std::string& zone);

// "192.0.2.1:80", "[2001:db8::1]:80".
[[nodiscard]] std::string endpoint_text(const std::string& address, std::uint16_t port);

}  // namespace rollcall::cli
