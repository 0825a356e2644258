// What engine_module.cc finds in the module.
#include <grpc/support/log.h>
#include <string>

#include "cluster/engine_module.h"
#include "cluster/etcd/etcd_engine.h"

namespace {

using Opened = rollcall::Result<std::unique_ptr<rollcall::cluster::Engine>>;

void (*tell)(const char* sentence) = nullptr;

void log_of_grpc(gpr_log_func_args* line) {
  if (tell != nullptr) tell((std::string("gRPC: ") + line->message).c_str());
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) extern const char rollcall_engine_version[];
const char rollcall_engine_version[] = ROLLCALL_ENGINE_VERSION;

__attribute__((visibility("default"))) Opened* rollcall_open_engine(const rollcall::cluster::EngineSettings& settings);
Opened* rollcall_open_engine(const rollcall::cluster::EngineSettings& settings) {
  tell = settings.tell;
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
  gpr_set_log_function(log_of_grpc);
  auto made = rollcall::cluster::etcd::EtcdEngine::make(settings);
  if (!made) return new Opened(std::unexpected(made.error()));
  return new Opened(std::move(*made));
}
}
