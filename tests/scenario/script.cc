#include "scenario/script.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <stdexcept>

namespace rollcall::testing {
namespace {

std::string without_comment(const std::string& line) {
  std::size_t end = line.size();
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || line[i - 1] == ' ')) {
      end = i;
      break;
    }
  }
  while (end > 0 && line[end - 1] == ' ') --end;
  return line.substr(0, end);
}

}  // namespace

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::vector<Command> read_script(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::vector<Command> commands;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    text = without_comment(text);
    if (text.empty()) continue;
    if (text.front() != ' ') {
      commands.push_back({{number, text}, split(text), {}});
      continue;
    }
    if (commands.empty()) throw std::runtime_error("line " + std::to_string(number) + " belongs to no command");
    text.erase(0, text.find_first_not_of(' '));
    commands.back().indented.push_back({number, text});
  }
  return commands;
}

std::chrono::nanoseconds parse_time(std::string_view text) {
  constexpr std::pair<std::string_view, double> k_units[] = {{"ns", 1},  {"us", 1e3}, {"ms", 1e6},
                                                             {"s", 1e9}, {"m", 6e10}, {"h", 3.6e12}};
  const std::string whole(text);
  double sum = 0;
  while (!text.empty()) {
    const std::size_t digits = text.find_first_not_of("0123456789.");
    if (digits == 0 || digits == std::string_view::npos) throw std::runtime_error(whole + " is no time");
    const std::string_view rest = text.substr(digits);
    const std::string_view unit = rest.substr(0, rest.find_first_of("0123456789."));
    const auto known = std::ranges::find(k_units, unit, &std::pair<std::string_view, double>::first);
    if (known == std::end(k_units)) throw std::runtime_error(whole + " is no time");
    sum += std::stod(std::string(text.substr(0, digits))) * known->second;
    text.remove_prefix(digits + unit.size());
  }
  return std::chrono::nanoseconds(std::llround(sum));
}

Options::Options(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const std::size_t at = word.find('=');
    if (at == std::string::npos) throw std::runtime_error("what is \"" + word + "\"?");
    options_.emplace_back(word.substr(0, at), word.substr(at + 1));
  }
}

std::optional<std::string> Options::take(std::string_view name) {
  const auto at = std::ranges::find(options_, name, &std::pair<std::string, std::string>::first);
  if (at == options_.end()) return std::nullopt;
  std::string value = std::move(at->second);
  options_.erase(at);
  return value;
}

void Options::expect_none_left() const {
  if (!options_.empty()) throw std::runtime_error("there is no option \"" + options_.front().first + "\" here");
}

}  // namespace rollcall::testing
