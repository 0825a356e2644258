#include "ops/system_limits.h"

#include <fmt/format.h>
#include <memory>
#include <system_error>
#include <thread>

#include "base/counted.h"
#include "base/log.h"
#include "base/rcu.h"

namespace rollcall::ops {

std::string sentence_of(const std::exception& failed) {
  const auto* error = dynamic_cast<const std::system_error*>(&failed);
  if (error == nullptr) return fmt::format("cannot go on: {}", failed.what());
  const char* advice = "";
  if (error->code() == std::errc::too_many_files_open) advice = "; raise LimitNOFILE (ulimit -n)";
  if (error->code() == std::errc::resource_unavailable_try_again) {
    advice = "; raise TasksMax or LimitNPROC (ulimit -u), or the memory it may take";
  }
  return fmt::format("the system refuses what is needed: {}{}", failed.what(), advice);
}

void start_reclaiming() {
  std::thread([] {}).join();  // throws if no thread can be started
  rcu::Entry::retire(std::make_unique<const rcu::Entry>());
}

void warn_of_open_files(const Settings& settings, std::size_t allowed) {
  constexpr std::size_t k_besides = 100;  // other descriptors: listeners, the database, the log
  const std::size_t wanted =
      k_besides + settings.max_http_connections + settings.max_tcp_connections + settings.checks_in_flight;
  if (allowed >= wanted) return;
  log::warn("{} may be open, and as many connections as the settings allow take {}: raise LimitNOFILE (ulimit -n)",
            counted(allowed, "file"), wanted);
}

}  // namespace rollcall::ops
