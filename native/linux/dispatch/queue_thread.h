// A thread that runs a libuv loop for one dispatch queue, and ends with it.
#pragma once

#include <dispatch/dispatch.h>
#include <uv.h>

#include <atomic>
#include <semaphore>
#include <string>

#include "xpc/queue.h"

namespace xpc {

class QueueThread {
 public:
  // Any thread. Starts one; the caller owns a reference to its queue.
  static dispatch_queue_t start(const char* label);
  QueueThread(const QueueThread&) = delete;
  QueueThread& operator=(const QueueThread&) = delete;

 private:
  explicit QueueThread(const char* label) : label_(label) {}
  void run();

  const std::string label_;
  std::binary_semaphore is_ready_{0};  // queue_ is set
  dispatch_queue_t queue_ = nullptr;   // borrowed; until it is ready, this thread's own
};

}  // namespace xpc
