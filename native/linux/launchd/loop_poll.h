// Watching one descriptor in the event loop.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>

#include "environment.h"

namespace launchport {

// Calls back at each turn in which the descriptor is readable. JavaScript thread only.
class LoopPoll {
 public:
  // Null when the loop refuses the descriptor; `error` is then an errno.
  static std::unique_ptr<LoopPoll> start(std::shared_ptr<Environment> environment, int descriptor,
                                         std::function<void()> ready, int* error);
  // No call from now on. The descriptor may be closed at once; the environment waits for the loop to let go.
  ~LoopPoll();
  LoopPoll(const LoopPoll&) = delete;
  LoopPoll& operator=(const LoopPoll&) = delete;

  // Whether it keeps the loop alive. A new one does not.
  void set_active(bool is_active);

 private:
  struct Handle {
    uv_poll_t poll;
    std::shared_ptr<Environment> environment;
    std::function<void()> ready;
  };

  explicit LoopPoll(Handle* handle) : handle_(handle) {}
  static void release(Handle* handle);

  Handle* const handle_;  // freed by the loop
};

}  // namespace launchport
