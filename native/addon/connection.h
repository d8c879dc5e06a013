// A client connection, or a peer that a listener accepted: messages in both directions.
#pragma once

#include <cstdint>
#include <memory>

#include "channel.h"
#include "outbox.h"
#include "requirement.h"
#include "send_window.h"

namespace launchport {

class Connection final : public Channel {
 public:
  // `requirement` is what the other end must meet; `role` is ours, or that of the listener it came to.
  Connection(std::shared_ptr<Port> port, ConnectionRef connection, Role role,
             std::shared_ptr<const PeerRequirement> requirement)
      : Channel(std::move(port), std::move(connection)), role_(role), requirement_(std::move(requirement)) {}

  Connection* as_connection() override { return this; }

  // JavaScript thread. Failures are reported through the inbox, never by the call.
  void send_message(const Payload& payload);
  void send_request(uint32_t id, const Payload& payload);
  void send_reply(Object reply, const Payload& payload);
  // Reports `sent` when everything sent before has left the process.
  void report_when_sent();

  uint32_t newest_token = 0;  // the reply table's own, guarded by its lock

 private:
  void receive(xpc_object_t object) override;
  void requirement_failed(xpc_object_t error) override;
  void receive_reply(uint32_t id, xpc_object_t reply);
  // What became of a request, but for its end.
  void report_reply(uint32_t id, xpc_object_t reply);
  bool is_sender_allowed(xpc_object_t message);
  Failure admit(const Payload& payload);
  // Sends a message or reply, or says why it is dropped.
  void send_or_drop(Failure failure, const Object& message, size_t size);
  void count_sent(size_t size);
  void barrier_reached();
  void report_dropped(Failure failure);
  // Under mutex_, so that congested and drained are reported in the order they became true.
  void report_window(const SendWindow::Change& change);
  void send_barrier();
  std::shared_ptr<Connection> self() { return std::static_pointer_cast<Connection>(shared_from_this()); }

  const Role role_;
  const std::shared_ptr<const PeerRequirement> requirement_;
  SendWindow window_;  // mutex_
};

}  // namespace launchport
