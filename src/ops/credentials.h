// Secrets that the service manager hands over as files (LoadCredential= of systemd), so that neither the settings nor a
// directory that others can read holds them.
//
// Shape    where a setting names a file or a secret, "credential:NAME" is the file NAME below $CREDENTIALS_DIRECTORY, or for
//          a secret its contents without the last line break.
// Threads  any; it reads the environment, which nothing changes after the start.
// Failure  Errc::start_up, without the key: as settings_values.h.
// Limits   k_credential_bytes_max.
// Source   systemd.exec(5), LoadCredential=.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::ops {

// NAME, where the text is "credential:NAME".
[[nodiscard]] std::optional<std::string_view> credential_in(std::string_view text);

[[nodiscard]] Result<std::string> credential_path(std::string_view name);

// The text itself, or what the credential that it names holds.
[[nodiscard]] Result<std::string> text_or_credential(std::string_view text);

}  // namespace rollcall::ops
