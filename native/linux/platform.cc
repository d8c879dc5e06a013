// The seam on Linux: handlers run on the loop's own thread, and objects can stay in their serialized form.
#include "platform.h"

#include <fcntl.h>
#include <napi.h>
#include <uv.h>

#include <atomic>

#include <xpc/loop.h>

#include "environment.h"
#include "launchd/supervisor_object.h"

namespace launchport::platform {

const char* const kName = "linux";

// Everything happens on the thread of the loop.
struct Queue::Impl {
  dispatch_queue_t queue = nullptr;  // null once closed
  Drain drain = nullptr;
  void* context = nullptr;
  bool is_notified = false;  // work is on the queue whose burst will drain
  std::function<void()> closed;
  std::shared_ptr<Impl> keep;  // itself, from close until the loop has let go
};

Queue::Queue(napi_env env, Drain drain, void* context) : impl_(std::make_shared<Impl>()) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  impl_->queue = xpc_loop_queue_create(loop);
  impl_->drain = drain;
  impl_->context = context;
  xpc_loop_queue_set_burst_handler(
      impl_->queue,
      [](void* context) {
        auto* const impl = static_cast<Impl*>(context);
        impl->drain(impl->context);
      },
      impl_.get());
  xpc_loop_queue_set_closed_handler(
      impl_->queue,
      [](void* context) {
        const std::shared_ptr<Impl> impl = std::move(static_cast<Impl*>(context)->keep);
        if (impl->closed) impl->closed();
      },
      impl_.get());
}

Queue::~Queue() { close({}); }

dispatch_queue_t Queue::get() const { return impl_->queue; }

void Queue::notify_from_handler() {}  // the burst that the handler runs in ends with a drain

void Queue::notify_from_js() {
  if (impl_->queue == nullptr || impl_->is_notified) return;
  impl_->is_notified = true;
  dispatch_async_f(impl_->queue, impl_.get(), [](void* context) { static_cast<Impl*>(context)->is_notified = false; });
}

void Queue::flush() {
  if (impl_->queue != nullptr) xpc_loop_queue_flush(impl_->queue);
}

// Each burst is drained before the next socket is read, so nothing piles up.
void Queue::pause() {}
void Queue::resume() {}

void Queue::set_active(bool is_active) {
  if (impl_->queue != nullptr) xpc_loop_queue_set_active(impl_->queue, is_active);
}

void Queue::close(std::function<void()> closed) {
  if (impl_->queue == nullptr) return;
  impl_->closed = std::move(closed);
  impl_->keep = impl_;
  xpc_loop_queue_close(std::exchange(impl_->queue, nullptr));
}

const char* problem_with(const ConnectTarget& target) {
  if (!target.address.has_value() || target.address->empty()) return "address must be the path of the service's socket";
  return nullptr;
}

const char* problem_with(const ListenTarget& target) {
  // XPC aborts for one that is not open.
  if (target.descriptor.has_value() && fcntl(*target.descriptor, F_GETFD) < 0) return "descriptor is not open";
  return nullptr;
}

ConnectionRef create_client(const ConnectTarget& target, dispatch_queue_t queue) {
  const uint64_t flags = target.is_privileged ? XPC_CONNECTION_MACH_SERVICE_PRIVILEGED : 0;
  ConnectionRef connection =
      ConnectionRef::adopt(xpc_connection_create_mach_service(target.name.c_str(), queue, flags));
  xpc_connection_set_socket_path(connection.get(), target.address->c_str());
  return connection;
}

ConnectionRef create_listener(const ListenTarget& target, dispatch_queue_t queue) {
  ConnectionRef connection = ConnectionRef::adopt(
      xpc_connection_create_mach_service(target.name.c_str(), queue, XPC_CONNECTION_MACH_SERVICE_LISTENER));
  if (target.descriptor.has_value()) xpc_connection_set_listening_socket(connection.get(), *target.descriptor);
  return connection;
}

void set_peer_policy(xpc_connection_t listener, bool is_any_user_allowed, RefusedHandler refused, void* context) {
  static std::atomic<RefusedHandler> handler;  // the same for every listener
  handler = refused;
  const xpc_peer_policy_s policy{is_any_user_allowed, {}, {}, {}};
  xpc_connection_set_peer_policy(listener, &policy);
  xpc_connection_set_refused_handler(
      listener,
      [](void* context, xpc_peer_refusal_t, pid_t pid, uid_t uid, gid_t gid) {
        handler.load()(context, pid, uid, gid);
      },
      context);
}

bool is_peer_allowed(xpc_connection_t, bool) { return true; }

std::string invalidation_reason(xpc_connection_t) { return {}; }

Object dictionary_from_serialized(Bytes bytes) {
  return Object::adopt(xpc_dictionary_create_serialized(bytes.data(), bytes.size()));
}

bool fill_reply_from_serialized(xpc_object_t reply, Bytes bytes) {
  return xpc_dictionary_set_serialized(reply, bytes.data(), bytes.size());
}

Bytes serialized_form(xpc_object_t dictionary) {
  size_t length = 0;
  const void* const bytes = xpc_dictionary_get_serialized(dictionary, &length);
  return bytes == nullptr ? Bytes() : Bytes(static_cast<const uint8_t*>(bytes), length);
}

void extend_binding(Environment& environment, napi_env env, napi_value binding) {
  SupervisorObject::define(environment, env);
  Napi::Object(env, binding).Set("openSupervisor", Napi::Function::New<open_supervisor>(env, "openSupervisor"));
}

}  // namespace launchport::platform
