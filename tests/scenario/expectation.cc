#include "scenario/expectation.h"

#include <algorithm>
#include <optional>

namespace rollcall::testing {
namespace {

using Texts = std::vector<std::string>;

std::string show(std::string_view title, const Texts& lines) {
  std::string text(title);
  text += ":";
  if (lines.empty()) text += " nothing";
  for (const std::string& line : lines) text += "\n    " + line;
  return text + "\n";
}

bool matches(const std::string& expected, const std::string& record) {
  if (!expected.ends_with('*')) return expected == record;
  return record.starts_with(expected.substr(0, expected.size() - 1));
}

bool same_in_order(const Texts& expected, const Texts& records) {
  return std::ranges::equal(expected, records, matches);
}

// Each record by an expected line of its own; `of`: not every line needs a record.
bool same_in_any_order(Texts expected, const Texts& records, std::optional<std::size_t> of) {
  if (records.size() != of.value_or(expected.size())) return false;
  return std::ranges::all_of(records, [&](const std::string& record) {
    const auto at = std::ranges::find_if(expected, [&](const std::string& line) { return matches(line, record); });
    if (at == expected.end()) return false;
    expected.erase(at);
    return true;
  });
}

struct Expected {
  std::string status;
  Texts answer;
  Texts authority;
  Texts additional;
  std::optional<std::size_t> of;
};

Expected read(const std::vector<Line>& lines) {
  Expected expected;
  for (const Line& line : lines) {
    const std::string& text = line.text;
    if (&line == &lines.front()) {
      expected.status = text;
    } else if (text.starts_with("authority ")) {
      expected.authority.push_back(text.substr(10));
    } else if (text.starts_with("additional ")) {
      expected.additional.push_back(text.substr(11));
    } else if (text.ends_with(" of")) {
      expected.of = std::stoul(text);
    } else {
      expected.answer.push_back(text);
    }
  }
  return expected;
}

Texts all_of(const answer::testing::Answered& answered, const std::string& status) {
  Texts lines{status};
  for (const std::string& record : answered.answer) lines.push_back(record);
  for (const std::string& record : answered.authority) lines.push_back("authority " + record);
  for (const std::string& record : answered.additional) lines.push_back("additional " + record);
  return lines;
}

}  // namespace

std::string compare_answer(const std::vector<Line>& lines, const answer::testing::Answered& answered, bool in_order) {
  if (lines.empty()) return "a query has no expected answer";
  const Expected expected = read(lines);
  const std::string flags = answered.flags.starts_with("qr ") ? answered.flags.substr(2) : "";
  const std::string status = answered.rcode + flags;
  const bool same_answer = in_order ? same_in_order(expected.answer, answered.answer)
                                    : same_in_any_order(expected.answer, answered.answer, expected.of);
  if (status == expected.status && same_answer &&
      same_in_any_order(expected.authority, answered.authority, std::nullopt) &&
      same_in_any_order(expected.additional, answered.additional, std::nullopt)) {
    return "";
  }
  Texts wanted;
  for (const Line& line : lines) wanted.push_back(line.text);
  return show("expected", wanted) + "  " + show("got", all_of(answered, status));
}

std::string compare_lines(const std::vector<Line>& expected, const std::vector<std::string>& came) {
  const bool same = std::ranges::equal(expected, came, [](const Line& line, const std::string& text) {
    const Texts words = split(text);
    return std::ranges::all_of(split(line.text),
                               [&](const std::string& word) { return std::ranges::find(words, word) != words.end(); });
  });
  if (same) return "";
  Texts wanted;
  for (const Line& line : expected) wanted.push_back(line.text);
  return show("expected", wanted) + "  " + show("got", came);
}

}  // namespace rollcall::testing
