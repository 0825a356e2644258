// The table of the commands. To add a command, define it in a new file here, and add its name twice below.
#include <algorithm>
#include <array>

#include "tools/rollcall/command.h"

namespace rollcall::cli {

extern const Command k_register;
extern const Command k_run;
extern const Command k_heartbeat;
extern const Command k_drain;
extern const Command k_undrain;
extern const Command k_deregister;
extern const Command k_set;
extern const Command k_delete;
extern const Command k_list;
extern const Command k_show;
extern const Command k_resolve;
extern const Command k_explain;
extern const Command k_events;
extern const Command k_status;
extern const Command k_nodes;
extern const Command k_watch;
extern const Command k_template;
extern const Command k_export;
extern const Command k_import;
extern const Command k_load;
extern const Command k_help;
extern const Command k_completion;
extern const Command k_man;

namespace {

constexpr std::array k_commands{
    &k_register, &k_run,    &k_heartbeat, &k_drain,   &k_undrain, &k_deregister, &k_set,   &k_delete,
    &k_list,     &k_show,   &k_resolve,   &k_explain, &k_events,  &k_status,     &k_nodes, &k_watch,
    &k_template, &k_export, &k_import,    &k_load,    &k_help,    &k_completion, &k_man,
};

}  // namespace

std::span<const Command* const> commands() { return k_commands; }

const Command* find_command(std::string_view name) {
  const auto* const found = std::ranges::find(k_commands, name, [](const Command* command) { return command->name; });
  return found == k_commands.end() ? nullptr : *found;
}

}  // namespace rollcall::cli
