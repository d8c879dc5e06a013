// What travels beside the bytes of a message, as XPC objects.
#pragma once

#include <cstdint>
#include <vector>

#include "handle.h"
#include "records.h"

namespace launchport {

struct MessageRight {
  Right kind;
  Object object;             // of the type that `kind` says
  uint64_t byte_length = 0;  // of memory
};

// In the order of the type words that stand for them.
using MessageRights = std::vector<MessageRight>;

}  // namespace launchport
