// Where the holders of one endpoint reach its listener: the other end of the endpoint's socket. The holders are not
// trusted; what they send that is no connection is thrown away.
#pragma once

#include <uv.h>

#include <cstdint>

#include "loop_handle.h"
#include "socket.h"

namespace xpc {

class Listener;

class Rendezvous {
 public:
  // The listener closes it before it goes.
  Rendezvous(Listener& listener, Socket socket);

  void retain() { ++references_; }
  void release();

  // Begins to watch for connections. False when the loop refuses the socket.
  bool open(LoopQueue& queue);
  // Whether connections are accepted.
  void set_accepting(bool is_accepting);
  // Connections that wait, and those to come, get nothing.
  void close();

 private:
  ~Rendezvous() = default;

  void update_poll();
  void accept_some();
  // False when there is nothing to accept for now.
  bool accept_one();
  void rest();

  // All on the loop's thread.
  Listener& listener_;
  Socket socket_;
  LoopQueue* queue_ = nullptr;  // null until opened
  LoopHandle<uv_poll_t> poll_;  // empty until opened, and once closed
  LoopHandle<uv_timer_t> rest_;  // running while nothing is accepted for a moment
  bool is_accepting_ = false;
  uint32_t references_ = 1;
};

}  // namespace xpc
