// A client connection, or a peer that a listener accepted: messages in both directions.
#pragma once

#include <cstdint>
#include <memory>

#include "channel.h"
#include "send_window.h"

namespace launchport {

class Connection final : public Channel {
 public:
  // A peer's messages are checked against the policy of its listener; a client's server is not.
  enum class Role : uint8_t { client, peer, peer_of_any_user };

  Connection(std::shared_ptr<Port> port, ConnectionRef connection, Role role)
      : Channel(std::move(port), std::move(connection)), role_(role) {}

  Connection* as_connection() override { return this; }

  // JavaScript thread. Failures are reported through the inbox, never by the call.
  void send_message(Bytes body);
  void send_request(uint32_t id, Bytes body);
  void send_reply(Object reply, Bytes body);
  // Reports `sent` when everything sent before has left the process.
  void report_when_sent();

  uint32_t newest_token = 0;  // the reply table's own, guarded by its lock

 private:
  void receive(xpc_object_t object) override;
  void receive_reply(uint32_t id, xpc_object_t reply);
  Failure admit(size_t size);
  void count_sent(size_t size);
  void barrier_reached();
  void report_dropped(Failure failure);
  // Under mutex_, so that congested and drained are reported in the order they became true.
  void report_window(const SendWindow::Change& change);
  void send_barrier();
  std::shared_ptr<Connection> self() { return std::static_pointer_cast<Connection>(shared_from_this()); }

  const Role role_;
  SendWindow window_;  // mutex_
};

}  // namespace launchport
