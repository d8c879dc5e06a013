// The C functions about connections.
#include <xpc/loop.h>
#include <xpc/xpc.h>

#include "client.h"
#include "listener.h"
#include "message_connection.h"
#include "misuse.h"

using namespace xpc;

namespace {

Client& client_from(xpc_connection_t connection) {
  Connection* base = Connection::from(connection);
  if (base->kind() != Connection::Kind::client) misuse("not a client connection");
  return static_cast<Client&>(*base);
}

Listener& listener_from(xpc_connection_t connection) {
  Connection* base = Connection::from(connection);
  if (base->kind() != Connection::Kind::listener) misuse("not a listener");
  return static_cast<Listener&>(*base);
}

Dictionary& message_from(xpc_object_t object) {
  if (object == nullptr || Object::from(object)->type() != XPC_TYPE_DICTIONARY) misuse("a message is a dictionary");
  return static_cast<Dictionary&>(*Object::from(object));
}

}  // namespace

extern "C" {

xpc_connection_t xpc_connection_create(const char* name, dispatch_queue_t targetq) {
  LoopQueue* queue = targetq != nullptr ? LoopQueue::from(targetq) : nullptr;
  if (name == nullptr) return (new Listener({}, queue))->connection_handle();
  return xpc_connection_create_mach_service(name, targetq, 0);
}

xpc_connection_t xpc_connection_create_mach_service(const char* name, dispatch_queue_t targetq, uint64_t flags) {
  if (name == nullptr) misuse("a service has a name");
  LoopQueue* queue = targetq != nullptr ? LoopQueue::from(targetq) : nullptr;
  if ((flags & XPC_CONNECTION_MACH_SERVICE_LISTENER) != 0) {
    InheritedListener::prepare();
    return (new Listener(name, queue))->connection_handle();
  }
  return (new Client(name, queue))->connection_handle();
}

void xpc_connection_set_target_queue(xpc_connection_t connection, dispatch_queue_t targetq) {
  Connection::from(connection)->set_queue(targetq != nullptr ? LoopQueue::from(targetq) : nullptr);
}

void xpc_connection_set_event_handler(xpc_connection_t connection, xpc_handler_t handler) {
  Connection* const target = Connection::from(connection);
  on_loop(*target, [target, handler = std::move(handler)]() mutable { target->set_event_handler(std::move(handler)); });
}

void xpc_connection_activate(xpc_connection_t connection) {
  Connection* const target = Connection::from(connection);
  on_loop(*target, [target]() { target->activate(); });
}

void xpc_connection_suspend(xpc_connection_t connection) {
  Connection* const target = Connection::from(connection);
  on_loop(*target, [target]() { target->suspend(); });
}

void xpc_connection_resume(xpc_connection_t connection) {
  Connection* const target = Connection::from(connection);
  on_loop(*target, [target]() { target->resume(); });
}

void xpc_connection_cancel(xpc_connection_t connection) {
  Connection* const target = Connection::from(connection);
  on_loop(*target, [target]() { target->cancel(); });
}

void xpc_connection_send_message(xpc_connection_t connection, xpc_object_t message) {
  MessageConnection& target = MessageConnection::from(connection);
  Dictionary& dictionary = message_from(message);
  if (target.enter_loop()) {
    target.send(dictionary);
  } else {
    target.post_send(dictionary);
  }
}

void xpc_connection_send_barrier(xpc_connection_t connection, dispatch_block_t barrier) {
  MessageConnection& target = MessageConnection::from(connection);
  if (target.enter_loop()) {
    target.send_barrier(std::move(barrier));
  } else {
    target.post_barrier(std::move(barrier));
  }
}

void xpc_connection_send_message_with_reply(xpc_connection_t connection, xpc_object_t message, dispatch_queue_t,
                                            xpc_handler_t handler) {
  // Replies come on the connection's own queue, whatever queue is asked for: there is one loop.
  if (!handler) misuse("a request needs a reply handler");
  MessageConnection& target = MessageConnection::from(connection);
  Dictionary& dictionary = message_from(message);
  if (target.enter_loop()) {
    target.send_request(dictionary, std::move(handler));
  } else {
    target.post_request(dictionary, std::move(handler));
  }
}

const char* xpc_connection_get_name(xpc_connection_t connection) { return Connection::from(connection)->name(); }

pid_t xpc_connection_get_pid(xpc_connection_t connection) { return Connection::from(connection)->credentials().pid; }

uid_t xpc_connection_get_euid(xpc_connection_t connection) { return Connection::from(connection)->credentials().uid; }

gid_t xpc_connection_get_egid(xpc_connection_t connection) { return Connection::from(connection)->credentials().gid; }

void xpc_connection_set_socket_path(xpc_connection_t connection, const char* path) {
  client_from(connection).set_path(path);
}

void xpc_connection_set_listening_socket(xpc_connection_t connection, int descriptor) {
  listener_from(connection).set_socket(descriptor);
}

size_t xpc_connection_get_unsent_bytes(xpc_connection_t connection) {
  MessageConnection& target = MessageConnection::from(connection);
  if (!target.enter_loop()) misuse("unsent bytes are known on the connection's thread");
  return target.unsent_bytes();
}

}  // extern "C"
