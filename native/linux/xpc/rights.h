// What travels beside the bytes of a message: descriptors, in the order in which the message was encoded.
#pragma once

#include <vector>

#include "descriptor.h"
#include "object.h"

namespace xpc {

// Of a received message. Whatever nobody takes is closed.
using ReceivedRights = std::vector<Descriptor>;

// Of a message to be sent.
struct SentRights {
  std::vector<int> descriptors;
  std::vector<Ref<const Object>> owners;  // keep the descriptors open until they are sent

  bool is_empty() const { return descriptors.empty(); }
};

}  // namespace xpc
