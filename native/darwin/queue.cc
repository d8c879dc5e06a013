// The queue of a port on macOS: always a dispatch queue.
#include <utility>

#include "dispatch_queue.h"
#include "platform.h"

namespace launchport::platform {

struct Queue::Impl {
  DispatchQueue dispatch;
};

Queue::Queue(napi_env env, Drain drain, void* context) : impl_(new Impl{{env, drain, context}}) {}

Queue::~Queue() { close({}); }

dispatch_queue_t Queue::get() const { return impl_->dispatch.get(); }

void Queue::notify_from_handler() { impl_->dispatch.notify(); }

void Queue::notify_from_js() { impl_->dispatch.notify(); }

void Queue::flush() {}  // XPC sends by itself

void Queue::pause() { impl_->dispatch.pause(); }

void Queue::resume() { impl_->dispatch.resume(); }

void Queue::set_active(bool is_active) { impl_->dispatch.set_active(is_active); }

void Queue::close(std::function<void()> closed) { impl_->dispatch.close(std::move(closed)); }

}  // namespace launchport::platform
