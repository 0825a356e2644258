// The server under test: the one at $CONFORMANCE_ADDRESS, or a rollcalld of our own.
//
// Our own is $ROLLCALLD, else the rollcalld beside this program. It serves c.test.zone as c.test and w.test.zone as
// w.test, on ports it picks, with a database that is gone afterwards; it is started by the first test that asks, and stopped with this program.
#pragma once

#include <string_view>

#include "conformance/client.h"

namespace rollcall::conformance {

[[nodiscard]] const Endpoint& dns_server();

// Whether services can be registered: tests of the roll, tagged [roll], have nothing to ask another server.
[[nodiscard]] bool has_roll();

// A registration as JSON; it must succeed, and is then in the DNS. `{` and `}` are put around the fields.
void register_instance(std::string_view fields, std::string_view lease = "1h");
// DELETE of /v1/services/{service}/instances/{id}.
void deregister(std::string_view service, std::string_view id);

}  // namespace rollcall::conformance
