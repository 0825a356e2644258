// Whether a file that holds a secret can be read by somebody who does not need it.
//
// Rule     others never need it. The file's group needs it where that is how this process reads the file: the file belongs to
//          another user (root:rollcall 0640, root:ssl-cert 0640). Root cannot tell as whom the file will be read, so it
//          judges others alone.
// Threads  any.
// Failure  what is there not, or is no regular file, is not exposed: who reads it says what is wrong.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace rollcall {

struct FileAccess {
  mode_t mode = 0;  // permission bits
  uid_t owner = 0;
};

// "others can read it (mode 0644): chmod 600 FILE"; empty: it is as private as it can be. `reader`: the user of the process.
[[nodiscard]] std::optional<std::string> exposure_of(const FileAccess& access, uid_t reader, const std::string& file);

// Of a file as it is, read by this process.
[[nodiscard]] std::optional<std::string> exposure_of(const std::string& file);

}  // namespace rollcall
