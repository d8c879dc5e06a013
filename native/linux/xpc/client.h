// A connection to a service, by the path of its socket or by an endpoint. By path it survives the service: the next
// send connects again. By endpoint it ends with the listener or its peer.
#pragma once

#include <uv.h>

#include <cstdint>
#include <string>

#include "endpoint.h"
#include "loop_handle.h"
#include "message_connection.h"
#include "peer_policy.h"
#include "shared_credentials.h"

namespace xpc {

class Client final : public MessageConnection {
 public:
  Client(std::string name, LoopQueue* queue) : MessageConnection(Kind::client, std::move(name), queue) {}
  explicit Client(Ref<Endpoint> endpoint)
      : MessageConnection(Kind::client, {}, nullptr), is_by_path_(false), endpoint_(std::move(endpoint)) {}

  // Before activation, once.
  void set_path(std::string path);
  // Before activation.
  void set_policy(const xpc_peer_policy_s& policy);
  // Of the service, once it has answered; unknown before, and again after it went.
  Credentials credentials() const override { return service_.get(); }

 private:
  void start() override { connect(); }
  void stop() override;
  void run_due() override;
  void did_append() override;
  // Nothing is said to a stranger when it matters who it is.
  bool waits_for_hello() const override { return policy_.is_explicit(); }
  bool accept_hello(const Channel& channel) override;
  void did_disconnect() override;
  void destroy() override { delete this; }

  void connect();
  Socket dial(int& error) const;
  bool may_dial(const Socket& socket) const;
  // The service is not one to talk to.
  void refuse();
  void retry_later();

  // All on the loop's thread once active.
  std::string path_;
  const bool is_by_path_ = true;
  Ref<Endpoint> endpoint_;  // null for a client by path, and once stopped
  PeerPolicy policy_{PeerPolicy::Root::admitted};
  SharedCredentials service_;      // read by any thread
  LoopHandle<uv_timer_t> retry_;   // running while connecting has to wait; else empty
  uint64_t delay_ = 0;             // of the last retry, in milliseconds
  bool is_interruption_due_ = false;  // the event is
  bool is_refusal_due_ = false;       // the event is
};

}  // namespace xpc
