#include "tools/rollcall/campaign.h"

#include <atomic>
#include <fmt/format.h>
#include <list>
#include <mutex>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/check.h"
#include "base/guarded.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/wait_readable.h"

namespace rollcall::cli {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds k_draw_every{100};
constexpr unsigned k_no_content = 204;
constexpr std::size_t k_bar_cells = 30;
constexpr std::size_t k_bar_beside = 40;  // columns for the text beside the bar

// A 200 alone does not prove that the server is a registry: any web server may answer 200.
bool is_of_registry(const client::HttpResponse& response) {
  return response.status == k_no_content || response.body.contains(R"("service":)");
}

class Run {
 public:
  Run(const Campaign& campaign, std::list<client::HttpClient>& clients)
      : campaign_(campaign), clients_(clients), finished_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    check(finished_ >= 0, "an eventfd");
    for (client::HttpClient& client : clients_) threads_.emplace_back([this, &client] { work(client); });
  }
  ~Run() {
    stop();
    for (std::thread& thread : threads_) thread.join();
    ::close(finished_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Cancels the calls that are in progress.
  void stop() {
    is_stopped_ = true;
    for (client::HttpClient& client : clients_) client.stop();
  }

  [[nodiscard]] int descriptor() const { return finished_; }
  [[nodiscard]] bool is_finished() const { return workers_done_ == clients_.size(); }
  [[nodiscard]] std::size_t done() const { return done_; }
  [[nodiscard]] std::optional<Error> failure() const {
    return failure_.with([](const std::optional<Error>& error) { return error; });
  }

 private:
  void work(client::HttpClient& client) {
    while (!is_stopped_) {
      const std::size_t number = next_++;
      if (number >= campaign_.calls) break;
      make_call(client, number);
    }
    ++workers_done_;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t put = ::write(finished_, &one, sizeof one);
  }

  void make_call(client::HttpClient& client, std::size_t number) {
    const steady_clock::time_point due = due_at(number);
    while (!is_stopped_ && steady_clock::now() < due) {
      std::this_thread::sleep_for(std::min<steady_clock::duration>(due - steady_clock::now(), k_draw_every));
    }
    if (is_stopped_) return;
    Result<client::HttpResponse> response = client.call(campaign_.make(number));
    if (response && response->is_ok() && !is_of_registry(*response)) response = std::unexpected(no_registry());
    if (is_stopped_) return;  // cancelled: the result is unknown
    const auto took = std::chrono::floor<microseconds>(steady_clock::now() - due);
    if (!response && !campaign_.outlives_failures) {
      failure_.with([&](std::optional<Error>& error) { error = response.error(); });
      is_stopped_ = true;
      return;
    }
    const std::lock_guard lock(telling_);
    campaign_.told(number, response, took);
    ++done_;
  }

  [[nodiscard]] steady_clock::time_point due_at(std::size_t number) const {
    if (campaign_.per_second <= 0) return steady_clock::now();
    const std::chrono::duration<double> after(static_cast<double>(number) / campaign_.per_second);
    return began_ + std::chrono::floor<steady_clock::duration>(after);
  }

  const Campaign& campaign_;
  std::list<client::HttpClient>& clients_;
  int finished_;
  steady_clock::time_point began_ = steady_clock::now();
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> done_ = 0;
  std::atomic<std::size_t> workers_done_ = 0;
  std::atomic<bool> is_stopped_ = false;
  std::mutex telling_;
  Guarded<std::optional<Error>> failure_;
  std::vector<std::thread> threads_;
};

// The progress bar. Draws nothing if stderr is not a terminal: it would fill log files.
class Bar {
 public:
  explicit Bar(const Campaign& campaign) : campaign_(campaign), is_wanted_(::isatty(STDERR_FILENO) == 1) {}
  ~Bar() {
    if (is_wanted_) fmt::print(stderr, "\r\x1b[K");
  }
  Bar(const Bar&) = delete;
  Bar& operator=(const Bar&) = delete;

  void draw(std::size_t done) const {
    if (!is_wanted_) return;
    winsize window{};
    const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
    fmt::print(stderr, "\r{}\x1b[K",
               progress_text(campaign_.title, done, campaign_.calls, is_known ? window.ws_col : 80));
    std::fflush(stderr);
  }

 private:
  const Campaign& campaign_;
  bool is_wanted_;
};

}  // namespace

std::string progress_text(const std::string& title, std::size_t done, std::size_t all, std::size_t columns) {
  const std::size_t cells = columns > k_bar_cells + k_bar_beside ? k_bar_cells : 10;
  const std::size_t full = all == 0 ? cells : done * cells / all;
  const std::size_t percent = all == 0 ? 100 : done * 100 / all;
  const std::string text = fmt::format("{} [{}{}] {:3} %  {} of {}", title, std::string(full, '#'),
                                       std::string(cells - full, ' '), percent, done, all);
  return text.substr(0, columns == 0 ? 0 : columns - 1);
}

Result<Ended> run_campaign(const Campaign& campaign, const client::HttpSettings& settings, Signals& signals) {
  std::list<client::HttpClient> clients;
  const std::size_t connections = std::max<std::size_t>(1, std::min(campaign.connections, campaign.calls));
  for (std::size_t i = 0; i < connections; ++i) {
    Result<client::HttpClient> client = client::HttpClient::open(settings);
    if (!client) return std::unexpected(client.error());
    clients.push_back(std::move(*client));
  }
  const auto began = steady_clock::now();
  Run run(campaign, clients);
  const Bar bar(campaign);
  bool is_interrupted = false;
  while (!run.is_finished()) {
    bar.draw(run.done());
    wait_readable({run.descriptor(), signals.fd()}, steady_clock::now() + k_draw_every);
    [[maybe_unused]] std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(run.descriptor(), &count, sizeof count);
    is_interrupted |= signals.take().has_value();
    if (is_interrupted || run.failure()) run.stop();
  }
  if (const std::optional<Error> failure = run.failure()) return std::unexpected(*failure);
  return Ended{is_interrupted, steady_clock::now() - began};
}

}  // namespace rollcall::cli
