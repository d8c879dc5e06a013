// The seam on macOS: handlers run on a private serial queue and reach JavaScript through a threadsafe function, with
// one wake-up per burst. Of Node, only napi_* symbols are used. Functions newer than macOS 12 are looked up at run time.
#include "platform.h"

#include <dispatch/dispatch.h>
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>

namespace launchport::platform {

const char* const kName = "darwin";

struct Queue::Impl {
  const dispatch_queue_t queue = dispatch_queue_create("launchport.port", DISPATCH_QUEUE_SERIAL);
  Drain drain = nullptr;    // set once
  void* context = nullptr;  // set once
  napi_env env = nullptr;   // JavaScript thread

  std::mutex mutex;  // guards the rest; napi's own lock may be taken under it
  napi_threadsafe_function wake = nullptr;  // null once closed
  bool is_woken = false;                    // a call is under way that will drain
  bool is_paused = false;                   // the dispatch queue is suspended

  ~Impl() {
    // A suspended queue must not be released.
    if (is_paused) dispatch_resume(queue);
    dispatch_release(queue);
  }

  // Any thread.
  void notify() {
    const std::lock_guard lock(mutex);
    if (wake == nullptr || is_woken) return;
    is_woken = true;
    // Of a function that is closing nothing may be called any more.
    if (napi_call_threadsafe_function(wake, nullptr, napi_tsfn_nonblocking) == napi_closing) wake = nullptr;
  }
};

Queue::Queue(napi_env env, Drain drain, void* context) : impl_(std::make_shared<Impl>()) {
  impl_->drain = drain;
  impl_->context = context;
  impl_->env = env;
  napi_value name = nullptr;
  napi_create_string_utf8(env, "launchport", NAPI_AUTO_LENGTH, &name);
  // Its context owns the Impl until napi has let go of the function.
  auto* const keep = new std::shared_ptr<Impl>(impl_);
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, name, 0, 1, keep,
      [](napi_env, void* data, void*) {
        auto* const impl = static_cast<std::shared_ptr<Impl>*>(data);
        {
          const std::lock_guard lock((*impl)->mutex);
          (*impl)->wake = nullptr;
        }
        delete impl;
      },
      keep,
      [](napi_env call_env, napi_value, void* data, void*) {
        const std::shared_ptr<Impl> impl = *static_cast<std::shared_ptr<Impl>*>(data);
        {
          const std::lock_guard lock(impl->mutex);
          impl->is_woken = false;
          if (impl->wake == nullptr) return;
        }
        // Without an environment the function is being torn down.
        if (call_env != nullptr) impl->drain(impl->context);
      },
      &impl_->wake);
  if (status != napi_ok) {
    delete keep;
    impl_->wake = nullptr;
    return;
  }
  napi_unref_threadsafe_function(env, impl_->wake);
}

Queue::~Queue() { close({}); }

dispatch_queue_t Queue::get() const { return impl_->queue; }

void Queue::notify_from_handler() { impl_->notify(); }

void Queue::notify_from_js() { impl_->notify(); }

void Queue::flush() {}  // XPC sends by itself

void Queue::pause() {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->is_paused || impl_->wake == nullptr) return;
  impl_->is_paused = true;
  dispatch_suspend(impl_->queue);
}

void Queue::resume() {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->is_paused) return;
  impl_->is_paused = false;
  dispatch_resume(impl_->queue);
}

void Queue::set_active(bool is_active) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->wake == nullptr) return;
  if (is_active) {
    napi_ref_threadsafe_function(impl_->env, impl_->wake);
  } else {
    napi_unref_threadsafe_function(impl_->env, impl_->wake);
  }
}

void Queue::close(std::function<void()> closed) {
  napi_threadsafe_function wake;
  {
    const std::lock_guard lock(impl_->mutex);
    wake = impl_->wake;
    impl_->wake = nullptr;
  }
  resume();
  if (wake != nullptr) napi_release_threadsafe_function(wake, napi_tsfn_abort);
  // Nothing of the loop is ours: napi itself waits for its function.
  if (closed) closed();
}

const char* problem_with(const ConnectTarget& target) {
  return target.address.has_value() ? "address is for Linux; macOS looks the name up with launchd" : nullptr;
}

const char* problem_with(const ListenTarget& target) {
  return target.descriptor.has_value() ? "descriptor is for Linux; macOS checks the name in with launchd" : nullptr;
}

ConnectionRef create_client(const ConnectTarget& target, dispatch_queue_t queue) {
  const uint64_t flags = target.is_privileged ? XPC_CONNECTION_MACH_SERVICE_PRIVILEGED : 0;
  return ConnectionRef::adopt(xpc_connection_create_mach_service(target.name.c_str(), queue, flags));
}

ConnectionRef create_listener(const ListenTarget& target, dispatch_queue_t queue) {
  return ConnectionRef::adopt(
      xpc_connection_create_mach_service(target.name.c_str(), queue, XPC_CONNECTION_MACH_SERVICE_LISTENER));
}

void set_peer_policy(xpc_connection_t, bool, RefusedHandler, void*) {}

bool is_peer_allowed(xpc_connection_t peer, bool is_any_user_allowed) {
  return is_any_user_allowed || xpc_connection_get_euid(peer) == geteuid();
}

std::string invalidation_reason(xpc_connection_t connection) {
  // macOS 12, and not in the headers of every SDK that can target it.
  using CopyReason = char* (*)(xpc_connection_t);
  static const auto copy_reason =
      reinterpret_cast<CopyReason>(dlsym(RTLD_DEFAULT, "xpc_connection_copy_invalidation_reason"));
  char* const text = copy_reason == nullptr ? nullptr : copy_reason(connection);
  std::string reason = text == nullptr ? "" : text;
  std::free(text);
  return reason;
}

Object dictionary_from_serialized(Bytes) { return {}; }

bool fill_reply_from_serialized(xpc_object_t, Bytes) { return false; }

Bytes serialized_form(xpc_object_t) { return {}; }

void extend_binding(Environment&, napi_env, napi_value) {}

}  // namespace launchport::platform
