// The files `rollcall template` keeps: each a template, where its text goes, and what is run when that has changed.
//
// Shape    update() renders all, replaces the files whose text is another one, then runs the commands of those, each
//          different command once. A command that fails is owed, and run again with the next update.
// Failure  nothing of one job stops the others. Texts that cannot be rendered leave the file as it is.
// Threads  one; update() blocks while commands run.
#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tools/rollcall/roll.h"
#include "tools/rollcall/template_text.h"

namespace rollcall::cli {

struct TemplateSpec {
  std::string file;
  std::string out;      // "-": stdout
  std::string command;  // empty: none
};

// FILE:OUT or FILE:OUT:COMMAND; a command may contain colons. Errc::start_up where it is neither.
[[nodiscard]] Result<TemplateSpec> parse_template_spec(std::string_view text);

class TemplateJobs {
 public:
  struct Report {
    std::vector<std::string> written;  // the files that have changed
    std::vector<Error> failures;
  };
  using Print = std::function<void(std::string_view)>;

  // Reads and tries all templates.
  [[nodiscard]] static Result<TemplateJobs> open(std::vector<TemplateSpec> specs);

  // Reads all templates again; when one cannot be used, all stay as they were.
  [[nodiscard]] Result<void> reload();

  // `print` takes what goes to stdout.
  [[nodiscard]] Report update(const Roll& roll, std::chrono::milliseconds command_timeout, const Print& print);

 private:
  struct Job {
    TemplateSpec spec;
    TemplateText text;
    std::string printed;  // what has gone to stdout
  };

  explicit TemplateJobs(std::vector<Job> jobs) : jobs_(std::move(jobs)) {}
  [[nodiscard]] static Result<TemplateText> read_template(const TemplateSpec& spec);
  [[nodiscard]] static Result<bool> put(Job& job, const std::string& text, const Print& print);

  std::vector<Job> jobs_;
  std::set<std::string> owed_;
};

}  // namespace rollcall::cli
