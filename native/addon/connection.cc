#include "connection.h"

#include "platform.h"
#include "port.h"

namespace launchport {
namespace {

constexpr std::string_view kNoSerializedForm = "the message holds what cannot be carried, or too much";

std::string_view text_of(Failure failure) {
  switch (failure) {
    case Failure::queue_full:
      return "the send queue is full";
    case Failure::too_large:
      return "the message is too large";
    case Failure::malformed:
      return "the body is not a serialized dictionary, or its rights do not fit it";
    case Failure::invalid:
      return "the connection is invalid";
    case Failure::peer_requirement:
      return "the sender is not allowed";
    case Failure::none:
    case Failure::interrupted:
      break;
  }
  return {};
}

}  // namespace

void Connection::send_message(const Payload& payload) {
  Object message;
  Failure failure = admit(payload);
  if (failure == Failure::none) {
    message = port().codec().decode(payload);
    if (!message) failure = Failure::malformed;
  }
  send_or_drop(failure, message, payload.body.size());
}

void Connection::send_reply(Object reply, const Payload& payload) {
  Failure failure = admit(payload);
  if (failure == Failure::none && !port().codec().fill(reply.get(), payload)) failure = Failure::malformed;
  send_or_drop(failure, reply, payload.body.size());
}

void Connection::send_or_drop(Failure failure, const Object& message, size_t size) {
  if (failure == Failure::none) {
    xpc_connection_send_message(get(), message.get());
    port().count_sent();
    count_sent(size);
    return;
  }
  report_dropped(failure);
  port().notify_from_js();
}

void Connection::send_request(uint32_t id, const Payload& payload) {
  Failure failure = admit(payload);
  if (failure == Failure::none) {
    if (const Object message = port().codec().decode(payload)) {
      if (begin_request()) {
        const std::shared_ptr<Connection> connection = self();
        xpc_connection_send_message_with_reply(
            get(), message.get(), port().queue(),
            [connection, id](xpc_object_t reply) { connection->receive_reply(id, reply); });
        port().count_sent();
        count_sent(payload.body.size());
        return;
      }
      failure = Failure::invalid;
    } else {
      failure = Failure::malformed;
    }
  }
  port().report_request_failed(handle(), id, failure, text_of(failure));
  port().notify_from_js();
}

void Connection::report_when_sent() {
  // Held back like a request's outcome, so that nothing follows the final event, which tells the same.
  if (!begin_request()) return;
  const std::shared_ptr<Connection> connection = self();
  xpc_connection_send_barrier(get(), [connection]() {
    if (!connection->port().is_closed()) {
      connection->port().report_event(connection->handle(), Event::sent, Failure::none, {});
    }
    connection->end_request();
  });
}

void Connection::receive(xpc_object_t object) {
  if (xpc_get_type(object) != XPC_TYPE_DICTIONARY) return;
  // Makes nothing for a one-way message. Released unsent, it tells the client that no reply will come.
  Object reply = Object::adopt(xpc_dictionary_create_reply(object));
  if (!is_sender_allowed(object)) {
    report_dropped(Failure::peer_requirement);
    return;
  }
  Body body;
  if (!port().codec().encode(object, &body)) {
    port().report_event(handle(), Event::dropped, Failure::malformed, kNoSerializedForm);
    return;
  }
  uint32_t token = 0;
  if (reply) {
    token = port().replies().insert({std::move(reply), self()});
    if (token == 0) {
      report_dropped(Failure::queue_full);
      return;
    }
  }
  port().report_body(token == 0 ? Inbound::message : Inbound::request, handle(), token, std::move(body));
}

// A sender that is not allowed is the end of the connection.
bool Connection::is_sender_allowed(xpc_object_t message) {
  const std::optional<Refusal> refusal = platform::refusal_of_sender(get(), message, *requirement_, role_);
  if (!refusal.has_value()) return true;
  if (role_ == Role::listener) port().count_refused();
  cancel();
  return false;
}

void Connection::requirement_failed(xpc_object_t error) {
  port().report_event(handle(), Event::dropped, Failure::peer_requirement, description_of(error));
}

void Connection::receive_reply(uint32_t id, xpc_object_t reply) {
  if (!port().is_closed()) report_reply(id, reply);
  end_request();
}

void Connection::report_reply(uint32_t id, xpc_object_t reply) {
  if (xpc_get_type(reply) != XPC_TYPE_DICTIONARY) {
    Failure failure = Failure::invalid;
    if (reply == XPC_ERROR_CONNECTION_INTERRUPTED) failure = Failure::interrupted;
    if (reply == XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT) failure = Failure::peer_requirement;
    port().report_request_failed(handle(), id, failure, description_of(reply));
    return;
  }
  if (!is_sender_allowed(reply)) {
    port().report_request_failed(handle(), id, Failure::peer_requirement, text_of(Failure::peer_requirement));
    return;
  }
  Body body;
  if (port().codec().encode(reply, &body)) {
    port().report_body(Inbound::reply, handle(), id, std::move(body));
  } else {
    port().report_request_failed(handle(), id, Failure::malformed, kNoSerializedForm);
  }
}

Failure Connection::admit(const Payload& payload) {
  const std::lock_guard lock(mutex_);
  return window_.admit(payload.body.size());
}

void Connection::count_sent(size_t size) {
  SendWindow::Change change;
  {
    const std::lock_guard lock(mutex_);
    change = window_.sent(size);
    report_window(change);
  }
  if (change.is_news) port().notify_from_js();
  if (change.needs_barrier) send_barrier();
}

void Connection::send_barrier() {
  const std::shared_ptr<Connection> connection = self();
  xpc_connection_send_barrier(get(), [connection]() { connection->barrier_reached(); });
}

void Connection::barrier_reached() {
  if (port().is_closed()) return;
  SendWindow::Change change;
  {
    const std::lock_guard lock(mutex_);
    change = window_.barrier_reached();
    report_window(change);
  }
  if (change.needs_barrier) send_barrier();
}

void Connection::report_window(const SendWindow::Change& change) {
  if (!change.is_news) return;
  port().report_event(handle(), change.is_congested ? Event::congested : Event::drained, Failure::none, {});
}

void Connection::report_dropped(Failure failure) {
  port().report_event(handle(), Event::dropped, failure, text_of(failure));
}

}  // namespace launchport
