#include "questions.h"

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace rollcall::bench {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint16_t>, 7> k_types{
    {{"A", 1}, {"NS", 2}, {"SOA", 6}, {"PTR", 12}, {"TXT", 16}, {"AAAA", 28}, {"SRV", 33}}};

void put_u16(std::string& out, unsigned value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}

std::uint16_t type_named(std::string_view word) {
  for (const auto& [name, type] : k_types) {
    if (name == word) return type;
  }
  throw std::runtime_error("there is no type \"" + std::string(word) + "\" for a question here");
}

void put_name(std::string& out, std::string_view name) {
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > 63) throw std::runtime_error("a label has 1 to 63 characters");
    out.push_back(static_cast<char>(label.size()));
    out.append(label);
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  out.push_back('\0');
}

std::string make_question(std::string_view name, std::string_view type, const QuestionSettings& settings) {
  std::string message;
  for (const unsigned word : {0U, 0U, 1U, 0U, 0U, settings.edns ? 1U : 0U}) put_u16(message, word);
  put_name(message, name);
  put_u16(message, type_named(type));
  put_u16(message, 1);
  if (!settings.edns) return message;
  message.push_back('\0');
  for (const unsigned word : {41U, unsigned{settings.payload}, 0U, 0U, 0U}) put_u16(message, word);
  return message;
}

}  // namespace

std::vector<std::string> read_questions(const std::filesystem::path& file, const QuestionSettings& settings) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::vector<std::string> questions;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    std::string type;
    if (words >> name >> type) questions.push_back(make_question(name, type, settings));
  }
  if (questions.empty()) throw std::runtime_error(file.string() + " has no line \"name TYPE\"");
  return questions;
}

}  // namespace rollcall::bench
