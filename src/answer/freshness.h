// The freshness of the roll, by the name that other rooms know. It lies where look-ups can see it.
#pragma once

#include "answer/roster/freshness.h"  // IWYU pragma: export
