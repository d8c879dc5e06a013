#include "channel.h"

#include <utility>

#include "platform.h"
#include "port.h"

namespace launchport {

std::string_view description_of(xpc_object_t error) {
  const char* text = xpc_dictionary_get_string(error, XPC_ERROR_KEY_DESCRIPTION);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

void discard(xpc_connection_t connection) {
  xpc_connection_set_event_handler(connection, [](xpc_object_t) {});
  xpc_connection_cancel(connection);
  xpc_connection_activate(connection);
}

Channel::Channel(std::shared_ptr<Port> port, ConnectionRef connection)
    : port_(std::move(port)), connection_(std::move(connection)) {}

uint32_t Channel::open() {
  const std::shared_ptr<Channel> self = shared_from_this();
  xpc_connection_set_event_handler(connection_.get(), [self](xpc_object_t event) {
    // XPC may free the block, and with it `self`, while it runs.
    const std::shared_ptr<Channel> keep = self;
    keep->handle_event(event);
  });
  handle_ = port_->add(self);
  if (handle_ == 0) cancel();
  return handle_;
}

void Channel::activate() {
  {
    const std::lock_guard lock(mutex_);
    if (is_activated_) return;
    is_activated_ = true;
  }
  xpc_connection_activate(connection_.get());
}

void Channel::cancel() {
  bool needs_activation;
  size_t suspensions;
  {
    const std::lock_guard lock(mutex_);
    if (is_cancelled_) return;
    is_cancelled_ = true;
    needs_activation = !is_activated_;
    is_activated_ = true;
    suspensions = std::exchange(suspensions_, 0);
  }
  xpc_connection_cancel(connection_.get());
  // Its final event and its teardown run only once it is active; releasing it inactive aborts.
  if (needs_activation) xpc_connection_activate(connection_.get());
  // Nor do they run while it is suspended.
  for (; suspensions > 0; --suspensions) xpc_connection_resume(connection_.get());
}

// The lock is kept during the calls, which run no handler: `cancel` on another thread must find either all or nothing
// of a suspension.
void Channel::suspend() {
  const std::lock_guard lock(mutex_);
  if (is_cancelled_) return;
  ++suspensions_;
  xpc_connection_suspend(connection_.get());
}

bool Channel::resume() {
  const std::lock_guard lock(mutex_);
  if (is_cancelled_) return true;
  if (suspensions_ == 0) return false;
  --suspensions_;
  xpc_connection_resume(connection_.get());
  return true;
}

Object Channel::make_endpoint() {
  const std::lock_guard lock(mutex_);
  if (!is_cancelled_) return Object::adopt(xpc_endpoint_create(connection_.get()));
  // XPC does not say what it does with a cancelled listener: one that nobody ever heard of leads nowhere as well.
  const ConnectionRef nobody = ConnectionRef::adopt(xpc_connection_create(nullptr, port_->queue()));
  Object endpoint = Object::adopt(xpc_endpoint_create(nobody.get()));
  discard(nobody.get());
  return endpoint;
}

bool Channel::begin_request() {
  const std::lock_guard lock(mutex_);
  if (is_finished_) return false;
  ++requests_;
  return true;
}

void Channel::end_request() {
  {
    const std::lock_guard lock(mutex_);
    --requests_;
  }
  finish_when_idle();
}

void Channel::handle_event(xpc_object_t event) {
  if (port_->is_closed()) return;
  if (xpc_get_type(event) == XPC_TYPE_ERROR) {
    handle_error(event);
  } else {
    receive(event);
  }
}

void Channel::handle_error(xpc_object_t error) {
  if (error == XPC_ERROR_CONNECTION_INTERRUPTED) {
    port_->report_event(handle_, Event::interrupted, Failure::interrupted, description_of(error));
  } else if (error == XPC_ERROR_TERMINATION_IMMINENT) {
    port_->report_event(handle_, Event::termination_imminent, Failure::none, description_of(error));
  } else if (error == XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT) {
    requirement_failed(error);
  } else {
    std::string reason = platform::invalidation_reason(connection_.get());
    if (reason.empty()) reason = description_of(error);
    {
      const std::lock_guard lock(mutex_);
      if (is_invalid_) return;
      is_invalid_ = true;
      reason_ = std::move(reason);
    }
    // Outstanding reply handlers run now, in no order with this one; the final event waits for them.
    cancel();
    finish_when_idle();
  }
}

void Channel::finish_when_idle() {
  {
    const std::lock_guard lock(mutex_);
    if (!is_invalid_ || requests_ > 0 || is_finished_) return;
    is_finished_ = true;
  }
  port_->report_finished(*this, reason_);
}

}  // namespace launchport
