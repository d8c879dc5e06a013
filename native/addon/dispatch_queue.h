// A private serial dispatch queue for a port's handlers, and the way from there to the JavaScript thread: one wake-up
// per burst. Knows <dispatch/dispatch.h> and Node-API only. macOS always has it, Linux when it is forced to.
#pragma once

#include <dispatch/dispatch.h>
#include <node_api.h>

#include <functional>
#include <memory>

namespace launchport {

class DispatchQueue {
 public:
  // Called on the JavaScript thread.
  using Drain = void (*)(void* context);

  // JavaScript thread.
  DispatchQueue(napi_env env, Drain drain, void* context);
  // Any thread. The queue is closed, or never was used.
  ~DispatchQueue();
  DispatchQueue(const DispatchQueue&) = delete;
  DispatchQueue& operator=(const DispatchQueue&) = delete;

  // Until closed.
  dispatch_queue_t get() const;
  // Any thread: has the JavaScript thread drain, once, however often this is called before it does.
  void notify();
  // Any thread: no handler is started until `resume`. Once closed, nothing.
  void pause();
  void resume();
  // JavaScript thread: whether the event loop is kept alive. It is not at first.
  void set_active(bool is_active);
  // JavaScript thread: no drain from now on. `closed` runs on that thread when nothing runs on the queue any more and
  // nothing refers to it; then no thread but JavaScript's knows the port. Idempotent.
  void close(std::function<void()> closed);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace launchport
