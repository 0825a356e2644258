// A service that is on the roll while it runs: example_serve NAME PORT [ID [REGISTRY]...]. Ends on SIGINT and SIGTERM.
// Each REGISTRY is an independent registry, and all are told; the nodes of one are joined by commas. Without: ROLLCALL_HTTP.
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <pthread.h>
#include <signal.h>

#include "rollcall/registration.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: example_serve NAME PORT [ID [REGISTRY]...]\n";
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  rollcall::RegistrationSettings settings;
  settings.service = argv[1];
  settings.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  if (argc > 3) settings.id = argv[3];
  for (int i = 4; i < argc; ++i) settings.registries.emplace_back(argv[i]);
  settings.lease = std::chrono::seconds(3);
  settings.on_touch = [](bool is_in_touch) {
    std::cout << (is_in_touch ? "in touch again" : "out of touch") << std::endl;
  };
  try {
    rollcall::Registration registration(settings);
    if (registration.wait_until_registered(std::chrono::seconds(5))) {
      std::cout << "registered" << std::endl;
    } else {
      for (const auto& registry : registration.state().registries) std::cerr << registry.message << std::endl;
    }
    int signal = 0;
    sigwait(&ends, &signal);  // here it would serve
    const bool has_left = registration.stop();
    std::cout << (has_left ? "deregistered" : "the lease ends by itself") << std::endl;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
