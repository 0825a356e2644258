// One run of a command: the registry it asks, and where it prints.
//
// Owner    main. The client is opened with the first question and its connection kept.
// Threads  the main thread; a command with threads of its own opens clients of its own with http_settings().
// Failure  Error, whose code is the exit code (exit_code.h) and whose message goes to stderr as it is.
#pragma once

#include <boost/json/value.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "client/http_client.h"
#include "tools/rollcall/globals.h"
#include "tools/rollcall/terminal.h"

namespace rollcall::cli {

class Session {
 public:
  explicit Session(Globals globals);

  [[nodiscard]] const Globals& globals() const { return globals_; }
  // What calls without a zone would be answered from, once it is known by name.
  void set_zone(std::string zone) { globals_.zone = std::move(zone); }
  [[nodiscard]] bool wants_json() const { return globals_.wants_json; }

  // The client for everything that ask() is too simple for.
  [[nodiscard]] Result<client::HttpClient*> client();

  // A call whose 2xx has JSON for a body (null where it has none); any other status is the problem, as an Error.
  [[nodiscard]] Result<boost::json::value> ask(const client::HttpRequest& request);
  [[nodiscard]] Result<boost::json::value> get(std::string target);

  // stdout, as it is. The end of its reader (`rollcall list | head`) ends the program quietly.
  void print(std::string_view text) const;
  // One line on stdout: the JSON.
  void print_json(const boost::json::value& value) const;
  // A remark on stderr, "rollcall: " before it.
  void remark(std::string_view sentence) const;
  // For stdout.
  [[nodiscard]] std::string paint(Color color, std::string_view text) const {
    return colored(is_colored_, color, text);
  }
  [[nodiscard]] bool is_colored() const { return is_colored_; }

 private:
  Globals globals_;
  std::optional<client::HttpClient> client_;
  bool is_colored_;
};

using Parameters = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// A path with its query, everything encoded: target("/v1/services", {"web"}, {{"zone", zone}}). An empty value is left out.
[[nodiscard]] std::string target_of(std::string_view path, std::initializer_list<std::string_view> segments,
                                    Parameters parameters = {});

}  // namespace rollcall::cli
