#include "registry/work/serial_keeper.h"

#include <future>
#include <utility>

#include "base/log.h"

namespace rollcall::registry {

bool SerialKeeper::keep_now(const std::vector<KeptSerial>& serials) {
  const Result<void> kept = kept_.keep_serials(serials);
  const bool is_news = std::exchange(is_failing_, !kept.has_value()) != !kept.has_value();
  if (!kept && is_news) {
    log::warn("secondaries are not shown what has changed before a serial is stored: {}", kept.error().message);
  }
  return kept.has_value();
}

bool SerialKeeper::keep(const std::vector<KeptSerial>& serials) {
  std::promise<bool> promise;
  std::future<bool> is_kept = promise.get_future();
  writer_.run_soon([this, &serials, promise = std::move(promise)]() mutable { promise.set_value(keep_now(serials)); });
  try {
    return is_kept.get();
  } catch (const std::future_error&) {
    return false;  // the task was dropped
  }
}

}  // namespace rollcall::registry
