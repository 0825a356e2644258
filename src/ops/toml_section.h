// One table of a settings file, read key by key. Only this unit and settings_file.cc use toml++.
//
// Shape    each read function takes a key and checks its type and range. `finish` reports every key that was not read
//          as unknown.
// Owner    borrows the parsed file and the Complaints.
// Failure  reading an absent or invalid key returns empty; an invalid key also adds a complaint. Only the complaint at
//          the earliest position in the file is reported.
// Threads  one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <toml++/toml.h>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace rollcall::ops {

// Collects the errors in a file and keeps the one at the earliest position.
class Complaints {
 public:
  explicit Complaints(std::string_view source) : source_(source) {}

  // "rollcall.toml:7: dns.wrokers: unknown key; …"
  void add(const toml::source_region& where, std::string_view key, std::string_view sentence);
  [[nodiscard]] const std::optional<Error>& first() const { return first_; }

 private:
  std::string source_;
  toml::source_position at_{};
  std::optional<Error> first_;
};

class Section {
 public:
  // `title` names the table in messages ("[dns]"), `prefix` precedes its keys ("dns."). A null table means that the
  // table is absent: every read returns empty.
  Section(const toml::table* table, std::string title, std::string prefix, Complaints& complaints)
      : table_(table), title_(std::move(title)), prefix_(std::move(prefix)), complaints_(&complaints) {}

  // A string, converted by `parse` (std::string_view -> Result<T>).
  template <class Parse>
  auto text(std::string_view key, Parse parse)
      -> std::optional<typename std::invoke_result_t<Parse, std::string_view>::value_type> {
    const std::optional<std::string_view> words = string(key);
    if (!words) return std::nullopt;
    auto value = parse(*words);
    if (value) return std::move(*value);
    complain(key, value.error().message);
    return std::nullopt;
  }
  [[nodiscard]] std::optional<bool> boolean(std::string_view key);
  // An array of at most `max` strings, each converted by `parse` (std::string_view -> Result<T>).
  template <class Parse>
  auto texts(std::string_view key, std::size_t max, Parse parse)
      -> std::optional<std::vector<typename std::invoke_result_t<Parse, std::string_view>::value_type>> {
    const std::optional<std::vector<std::string_view>> all = strings(key, max);
    if (!all) return std::nullopt;
    std::vector<typename std::invoke_result_t<Parse, std::string_view>::value_type> values;
    for (const std::string_view words : *all) {
      auto value = parse(words);
      if (!value) {
        complain(key, value.error().message);
        return std::nullopt;
      }
      values.push_back(std::move(*value));
    }
    return values;
  }
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
  // A number from 0 to 1, returned in thousandths.
  [[nodiscard]] std::optional<std::uint16_t> permille(std::string_view key);
  // A number from 0 to 1.
  [[nodiscard]] std::optional<double> share(std::string_view key);
  // A string with units, or an integer of seconds.
  [[nodiscard]] std::optional<std::chrono::milliseconds> duration(std::string_view key, std::chrono::milliseconds min,
                                                                  std::chrono::milliseconds max);
  // The TTL of answers: a duration of whole seconds.
  [[nodiscard]] std::optional<std::uint32_t> ttl(std::string_view key);
  // An array of ADDR:PORT strings: at least one, no duplicates.
  [[nodiscard]] std::optional<std::vector<IpEndpoint>> endpoints(std::string_view key);
  // The table [key], and the tables [[key]]: at most `max` of them.
  [[nodiscard]] Section table(std::string_view key);
  [[nodiscard]] std::vector<Section> tables(std::string_view key, std::size_t max);

  [[nodiscard]] bool has(std::string_view key) const;
  // Adds an error at this key, for example when a rule across several keys is violated.
  void complain(std::string_view key, std::string_view sentence);
  // Reports every key that was not read as unknown.
  void finish();

 private:
  const toml::node* find(std::string_view key, std::string_view shown);
  std::optional<std::string_view> string(std::string_view key);
  std::optional<std::vector<std::string_view>> strings(std::string_view key, std::size_t max);
  void complain_of_type(std::string_view key, std::string_view wanted, const toml::node& found);

  const toml::table* table_;
  std::string title_;
  std::string prefix_;
  Complaints* complaints_;
  std::vector<std::string> known_;
  std::string shown_;  // the known keys, for messages
};

}  // namespace rollcall::ops
