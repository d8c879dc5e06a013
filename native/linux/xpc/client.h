// A connection to a service by the path of its socket. Survives the service: the next send connects again.
#pragma once

#include <uv.h>

#include <cstdint>
#include <string>

#include "loop_handle.h"
#include "message_connection.h"
#include "peer_policy.h"

namespace xpc {

class Client final : public MessageConnection {
 public:
  Client(std::string name, LoopQueue* queue) : MessageConnection(Kind::client, std::move(name), queue) {}

  // Before activation, once.
  void set_path(std::string path);
  // Before activation.
  void set_policy(const xpc_peer_policy_s& policy);
  // Of the service, once it has answered; unknown before, and again after it went.
  Credentials credentials() const override { return service_; }

 private:
  void start() override { connect(); }
  void stop() override;
  void run_due() override;
  void did_append() override;
  bool accept_hello(const Channel& channel) override;
  void did_disconnect() override;
  void destroy() override { delete this; }

  void connect();
  void retry_later();

  // All on the loop's thread once active.
  std::string path_;
  PeerPolicy policy_{PeerPolicy::Root::admitted};
  Credentials service_;
  LoopHandle<uv_timer_t> retry_;   // running while connecting has to wait; else empty
  uint64_t delay_ = 0;             // of the last retry, in milliseconds
  bool is_interruption_due_ = false;  // the event is
};

}  // namespace xpc
