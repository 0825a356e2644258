// The context of one command run: the HTTP client for the registry, and the output.
//
// Owner    main(). The HTTP client is opened at the first request, and its connection is kept.
// Threads  the main thread; a command with more threads opens one client per thread, with http_settings().
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
  // Sets the zone for later calls, once the name of the default zone is known.
  void set_zone(std::string zone) { globals_.zone = std::move(zone); }
  [[nodiscard]] bool wants_json() const { return globals_.wants_json; }

  // The HTTP client, for calls that ask() does not support.
  [[nodiscard]] Result<client::HttpClient*> client();

  // Makes a call. A 2xx returns its JSON body (null if there is none); any other status becomes an Error.
  [[nodiscard]] Result<boost::json::value> ask(const client::HttpRequest& request);
  [[nodiscard]] Result<boost::json::value> get(std::string target);

  // Writes to stdout. If the reader has closed the pipe (`rollcall list | head`), the program exits without a message.
  void print(std::string_view text) const;
  // Writes the JSON as one line to stdout.
  void print_json(const boost::json::value& value) const;
  // Writes a message to stderr, with the prefix "rollcall: ".
  void remark(std::string_view sentence) const;
  // Adds colour, if stdout gets colours.
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

// Builds an encoded path with its query: target("/v1/services", {"web"}, {{"zone", zone}}). Empty values
// are omitted.
[[nodiscard]] std::string target_of(std::string_view path, std::initializer_list<std::string_view> segments,
                                    Parameters parameters = {});

}  // namespace rollcall::cli
