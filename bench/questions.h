// The questions of a load: a file of lines `name TYPE`, as dnsperf has it, made into datagrams beforehand.
//
// Failure  std::runtime_error with one sentence, for main to print.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace rollcall::bench {

struct QuestionSettings {
  bool edns = false;             // with an OPT record
  std::uint16_t payload = 1232;  // that it tells
};

// Whole messages with id 0, one for each line.
[[nodiscard]] std::vector<std::string> read_questions(const std::filesystem::path& file,
                                                      const QuestionSettings& settings);

}  // namespace rollcall::bench
