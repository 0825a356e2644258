#include "cluster/roll/values.h"
