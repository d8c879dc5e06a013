// What names a listener: whoever has one, in whatever process, can connect to it. It is one end of a socket pair whose
// other end the listener reads. To connect is to send it one end of another pair: what the kernel then says of that
// pair and of the packet names the client.
#pragma once

#include "object.h"
#include "socket.h"

namespace xpc {

class Endpoint final : public Object {
 public:
  static Endpoint* from(xpc_endpoint_t endpoint);
  xpc_endpoint_t endpoint_handle() { return reinterpret_cast<xpc_endpoint_t>(static_cast<Object*>(this)); }

  static Ref<Endpoint> make(Socket socket);
  // The same with what another process sent. Null when it cannot be an endpoint's socket.
  static Ref<Object> receive(Descriptor descriptor);

  // The process that made it, and so listens.
  Credentials maker() const { return socket_.peer(); }
  // A connection that the listener will find. On failure the socket is empty and `error` an errno value, EAGAIN when
  // it may work later.
  Socket connect(int& error) const;

  xpc_type_t type() const override { return XPC_TYPE_ENDPOINT; }
  // Of the same creation, wherever they have been.
  bool equals(const Object& other) const override;
  size_t hash() const override;
  void describe(std::string& text) const override;
  void encode(Encoder& encoder) const override;

 private:
  explicit Endpoint(Socket socket) : socket_(std::move(socket)) {}
  void dispose() override { delete this; }

  const Socket socket_;
};

}  // namespace xpc
