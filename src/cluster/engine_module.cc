#include "cluster/engine_module.h"

#include <dlfcn.h>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace rollcall::cluster {
namespace {

constexpr const char* k_module = "librollcall_etcd.so";
using Opened = Result<std::unique_ptr<Engine>>;
using Open = Opened*(const EngineSettings&);

// Beside the program, as it is built; below its prefix, as it is installed.
std::vector<std::string> places() {
  std::error_code ignored;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  std::vector<std::string> all;
  if (!program.empty()) {
    all.push_back(program.parent_path() / k_module);
    all.push_back(program.parent_path().parent_path() / "lib" / "rollcall" / k_module);
  }
  all.push_back(std::string(ROLLCALL_MODULE_DIRECTORY) + "/" + k_module);
  return all;
}

std::string find_module(const std::string& path) {
  if (!path.empty()) return path;
  for (const std::string& place : places()) {
    std::error_code ignored;
    if (std::filesystem::exists(place, ignored)) return place;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine>> open_engine(const EngineSettings& settings, const std::string& path) {
  const std::string found = find_module(path);
  if (found.empty()) {
    return failure(Errc::start_up,
                   "[cluster] and [etcd] need the module librollcall_etcd.so: install the package rollcalld-etcd");
  }
  void* module = dlopen(found.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    const char* why = dlerror();
    return failure(Errc::start_up,
                   "the module for etcd cannot be loaded: " + std::string(why == nullptr ? found : why));
  }
  const auto* version = static_cast<const char*>(dlsym(module, "rollcall_engine_version"));
  auto* open = reinterpret_cast<Open*>(dlsym(module, "rollcall_open_engine"));
  if (version == nullptr || open == nullptr || std::string_view(version) != ROLLCALL_ENGINE_VERSION) {
    return failure(Errc::start_up, found + " belongs to another version of rollcalld (" +
                                       (version == nullptr ? "unknown" : version) + ", this is " +
                                       ROLLCALL_ENGINE_VERSION + "): install both from one release");
  }
  const std::unique_ptr<Opened> opened(open(settings));
  return std::move(*opened);
}

}  // namespace rollcall::cluster
