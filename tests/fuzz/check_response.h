// What every answer of the API must be, whatever was asked.
#pragma once

#include "api/message.h"

namespace rollcall::fuzz {

void check_response(const api::Response& response);

}  // namespace rollcall::fuzz
