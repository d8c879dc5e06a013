#include "channel.h"

#include "platform.h"
#include "port.h"

namespace launchport {

std::string_view description_of(xpc_object_t error) {
  const char* text = xpc_dictionary_get_string(error, XPC_ERROR_KEY_DESCRIPTION);
  return text == nullptr ? std::string_view() : std::string_view(text);
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
  {
    const std::lock_guard lock(mutex_);
    if (is_cancelled_) return;
    is_cancelled_ = true;
    needs_activation = !is_activated_;
    is_activated_ = true;
  }
  xpc_connection_cancel(connection_.get());
  // Its final event and its teardown run only once it is active; releasing it inactive aborts.
  if (needs_activation) xpc_connection_activate(connection_.get());
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
    port_->report_event(handle_, Event::dropped, Failure::peer_requirement, description_of(error));
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
