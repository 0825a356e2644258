// A settings file as a text, read: what it sets, or what is wrong with it.
#pragma once

#include <string>
#include <string_view>

#include "catch.h"
#include "ops/settings.h"

namespace rollcall::ops::testing {

inline Settings settings_of(std::string_view toml) {
  const Result<Settings> settings = parse_settings(toml, "rollcall.toml");
  INFO((settings ? "" : settings.error().message));
  REQUIRE(settings);
  return *settings;
}

inline std::string complaint_of(std::string_view toml) {
  const Result<Settings> settings = parse_settings(toml, "rollcall.toml");
  REQUIRE_FALSE(settings);
  CHECK(settings.error().code == Errc::start_up);
  return settings.error().message;
}

}  // namespace rollcall::ops::testing
