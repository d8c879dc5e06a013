// Gives memory of large messages back once it lies unused. There is no timer until a large packet passes, and none
// when all that memory is gone.
#pragma once

#include <uv.h>

#include "loop_handle.h"

namespace xpc {

class LoopQueue;

// On the loop's thread.
class TrimTimer {
 public:
  // A large packet was sent or received.
  void start(LoopQueue& queue);
  void close() { timer_.close(); }

 private:
  LoopHandle<uv_timer_t> timer_;  // empty, or running
};

}  // namespace xpc
