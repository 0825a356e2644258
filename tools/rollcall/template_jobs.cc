#include "tools/rollcall/template_jobs.h"

#include <fmt/format.h>

#include "tools/rollcall/replace_file.h"
#include "tools/rollcall/run_command.h"

namespace rollcall::cli {
namespace {

constexpr std::size_t k_template_bytes_max = std::size_t{1} << 20;
constexpr std::size_t k_output_bytes_max = std::size_t{256} << 20;

}  // namespace

Result<TemplateSpec> parse_template_spec(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  TemplateSpec spec;
  spec.file = text.substr(0, first);
  if (first != std::string_view::npos) spec.out = text.substr(first + 1, second - first - 1);
  if (second != std::string_view::npos) spec.command = text.substr(second + 1);
  if (spec.file.empty() || spec.out.empty()) {
    return failure(Errc::start_up, fmt::format("\"{}\" is not TEMPLATE:FILE or TEMPLATE:FILE:COMMAND", text));
  }
  return spec;
}

Result<TemplateText> TemplateJobs::read_template(const TemplateSpec& spec) {
  const Result<std::string> source = read_file(spec.file, k_template_bytes_max);
  if (!source) return std::unexpected(source.error());
  return TemplateText::parse(*source, spec.file);
}

Result<TemplateJobs> TemplateJobs::open(std::vector<TemplateSpec> specs) {
  std::vector<Job> jobs;
  for (TemplateSpec& spec : specs) {
    Result<TemplateText> text = read_template(spec);
    if (!text) return std::unexpected(text.error());
    jobs.push_back({std::move(spec), std::move(*text), {}});
  }
  return TemplateJobs(std::move(jobs));
}

Result<void> TemplateJobs::reload() {
  std::vector<TemplateText> texts;
  for (const Job& job : jobs_) {
    Result<TemplateText> text = read_template(job.spec);
    if (!text) return std::unexpected(text.error());
    texts.push_back(std::move(*text));
  }
  for (std::size_t i = 0; i < jobs_.size(); ++i) jobs_[i].text = std::move(texts[i]);
  return {};
}

// Writes the text if it differs from the last output. Returns whether it did.
Result<bool> TemplateJobs::put(Job& job, const std::string& text, const Print& print) {
  if (job.spec.out == "-") {
    if (text == job.printed) return false;
    print(text);
    job.printed = text;
    return true;
  }
  const Result<std::string> before = read_file(job.spec.out, k_output_bytes_max);
  if (before && *before == text) return false;
  if (const Result<void> replaced = replace_file(job.spec.out, text); !replaced)
    return std::unexpected(replaced.error());
  return true;
}

TemplateJobs::Report TemplateJobs::update(const Roll& roll, std::chrono::milliseconds command_timeout,
                                          const Print& print) {
  Report report;
  std::vector<std::string> commands;
  for (Job& job : jobs_) {
    const Result<std::string> text = job.text.render(roll);
    const Result<bool> is_new = text ? put(job, *text, print) : std::unexpected(text.error());
    if (!is_new) {
      report.failures.push_back(is_new.error());
      continue;
    }
    if (*is_new) report.written.push_back(job.spec.out);
    const std::string& command = job.spec.command;
    const bool is_to_run = !command.empty() && (*is_new || owed_.contains(command));
    if (is_to_run && std::ranges::find(commands, command) == commands.end()) commands.push_back(command);
  }
  for (const std::string& command : commands) {
    owed_.erase(command);
    if (const Result<void> ran = run_command(command, command_timeout); !ran) {
      report.failures.push_back(ran.error());
      owed_.insert(command);
    }
  }
  return report;
}

}  // namespace rollcall::cli
