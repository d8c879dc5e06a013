// The queue of a port on Linux: the event loop itself. Handlers run on the JavaScript thread, straight from the poll
// phase, so there is no hop. LAUNCHPORT_DISPATCH_QUEUE=1 makes it the queue that macOS has, with a thread of its own.
#include <uv.h>
#include <xpc/loop.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "dispatch_queue.h"
#include "platform.h"

namespace launchport::platform {
namespace {

bool is_dispatch_forced() {
  const char* const value = std::getenv("LAUNCHPORT_DISPATCH_QUEUE");
  return value != nullptr && std::strcmp(value, "1") == 0;
}

}  // namespace

// Everything happens on the thread of the loop, unless there is a dispatch queue.
struct Queue::Impl {
  std::unique_ptr<DispatchQueue> dispatch;  // set once; then only it and the queue are used
  dispatch_queue_t queue = nullptr;  // null once closed
  Drain drain = nullptr;
  void* context = nullptr;
  bool is_notified = false;  // work is on the queue whose burst will drain
  std::function<void()> closed;
  std::shared_ptr<Impl> keep;  // itself, from close until the loop has let go

  void open(uv_loop_t* loop);
};

void Queue::Impl::open(uv_loop_t* loop) {
  queue = xpc_loop_queue_create(loop);
  xpc_loop_queue_set_burst_handler(
      queue,
      [](void* context) {
        auto* const impl = static_cast<Impl*>(context);
        impl->drain(impl->context);
      },
      this);
  xpc_loop_queue_set_closed_handler(
      queue,
      [](void* context) {
        const std::shared_ptr<Impl> impl = std::move(static_cast<Impl*>(context)->keep);
        if (impl->closed) impl->closed();
      },
      this);
}

Queue::Queue(napi_env env, Drain drain, void* context) : impl_(std::make_shared<Impl>()) {
  if (is_dispatch_forced()) {
    impl_->dispatch = std::make_unique<DispatchQueue>(env, drain, context);
    impl_->queue = impl_->dispatch->get();
    xpc_loop_queue_gather(impl_->queue);
    return;
  }
  impl_->drain = drain;
  impl_->context = context;
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  impl_->open(loop);
}

Queue::~Queue() { close({}); }

dispatch_queue_t Queue::get() const { return impl_->dispatch ? impl_->dispatch->get() : impl_->queue; }

void Queue::notify_from_handler() {
  // On the loop, the burst that the handler runs in ends with a drain.
  if (impl_->dispatch) impl_->dispatch->notify();
}

void Queue::notify_from_js() {
  if (impl_->dispatch) return impl_->dispatch->notify();
  if (impl_->queue == nullptr || impl_->is_notified) return;
  impl_->is_notified = true;
  dispatch_async_f(impl_->queue, impl_.get(), [](void* context) { static_cast<Impl*>(context)->is_notified = false; });
}

void Queue::flush() {
  if (impl_->queue != nullptr) xpc_loop_queue_flush(impl_->queue);
}

// On the loop each burst is drained before the next socket is read, so nothing piles up.
void Queue::pause() {
  if (impl_->dispatch) impl_->dispatch->pause();
}

void Queue::resume() {
  if (impl_->dispatch) impl_->dispatch->resume();
}

void Queue::set_active(bool is_active) {
  if (impl_->dispatch) return impl_->dispatch->set_active(is_active);
  if (impl_->queue != nullptr) xpc_loop_queue_set_active(impl_->queue, is_active);
}

void Queue::close(std::function<void()> closed) {
  if (impl_->dispatch) {
    impl_->queue = nullptr;
    return impl_->dispatch->close(std::move(closed));
  }
  if (impl_->queue == nullptr) return;
  impl_->closed = std::move(closed);
  impl_->keep = impl_;
  xpc_loop_queue_close(std::exchange(impl_->queue, nullptr));
}

}  // namespace launchport::platform
