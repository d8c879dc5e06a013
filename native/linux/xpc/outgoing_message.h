// A message as it was when it was sent: its bytes, and the rights beside them. Made on the sender's thread, whatever it
// is; what becomes of the dictionary afterwards does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bytes.h"
#include "output_queue.h"
#include "rights.h"

namespace xpc {

class Dictionary;

class OutgoingMessage {
 public:
  // Aborts for what cannot be sent.
  explicit OutgoingMessage(Dictionary& message);

  // Moves it into the output.
  void append_to(OutputQueue& output, wire::Kind kind, uint64_t id);

  // Appends a dictionary as it is now, with nothing in between. Aborts for what cannot be sent.
  static void append(OutputQueue& output, wire::Kind kind, uint64_t id, Dictionary& message);

 private:
  Ref<Bytes> block_;  // shared with the dictionary; null when encoded
  size_t length_ = 0;  // of what is used of the block
  std::vector<uint8_t> encoded_;
  SentRights rights_;
};

}  // namespace xpc
