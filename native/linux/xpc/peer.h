// The service's end of one client's connection.
#pragma once

#include "listener.h"
#include "message_connection.h"

namespace xpc {

class Peer final : public MessageConnection {
 public:
  Peer(LoopQueue& queue, Listener& listener, Socket socket, const Credentials& credentials);

  // Of the client, as it connected.
  Credentials credentials() const override { return credentials_; }
  // Tells the handler, once, that the process is about to end.
  void announce_termination();
  // Cancelled with its listener, which is about to go.
  void lose_listener();

 private:
  ~Peer();

  void start() override;
  void stop() override;
  void run_due() override;
  bool accept_hello(const Channel&) override { return true; }
  void did_disconnect() override;
  void destroy() override { delete this; }
  void leave_listener();

  // All on the loop's thread.
  Listener* listener_;  // borrowed: null once either has ended
  Socket socket_;       // until activated
  const Credentials credentials_;
  bool is_announced_ = false;          // termination is, or will be
  bool is_announcement_due_ = false;  // the event is
};

}  // namespace xpc
