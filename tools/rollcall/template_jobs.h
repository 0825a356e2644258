// The files that `rollcall template` keeps up to date: for each, a template, an output file and a command to run.
//
// Shape    update() renders all templates, replaces the files whose text has changed, then runs their commands, each
//          different command once. A command that fails is run again at the next update.
// Threads  one thread; update() blocks while commands run.
// Failure  the jobs are independent: an error of one does not stop the others. If a template cannot be rendered, its
//          file stays unchanged.
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

// FILE:OUT or FILE:OUT:COMMAND; a command may contain colons. Errc::start_up for any other form.
[[nodiscard]] Result<TemplateSpec> parse_template_spec(std::string_view text);

class TemplateJobs {
 public:
  struct Report {
    std::vector<std::string> written;  // files whose content has changed
    std::vector<Error> failures;
  };
  using Print = std::function<void(std::string_view)>;

  // Reads and checks all templates.
  [[nodiscard]] static Result<TemplateJobs> open(std::vector<TemplateSpec> specs);

  // Reads all templates again. If one is invalid, all keep their old version.
  [[nodiscard]] Result<void> reload();

  // `print` receives the output for stdout.
  [[nodiscard]] Report update(const Roll& roll, std::chrono::milliseconds command_timeout, const Print& print);

 private:
  struct Job {
    TemplateSpec spec;
    TemplateText text;
    std::string printed;  // last output to stdout
  };

  explicit TemplateJobs(std::vector<Job> jobs) : jobs_(std::move(jobs)) {}
  [[nodiscard]] static Result<TemplateText> read_template(const TemplateSpec& spec);
  [[nodiscard]] static Result<bool> put(Job& job, const std::string& text, const Print& print);

  std::vector<Job> jobs_;
  std::set<std::string> owed_;  // commands that have failed, to run again
};

}  // namespace rollcall::cli
