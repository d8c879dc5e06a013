#include "endpoint.h"

#include <cerrno>

#include "encoder.h"
#include "misuse.h"
#include "wire.h"

namespace xpc {

Endpoint* Endpoint::from(xpc_endpoint_t endpoint) {
  auto* object = reinterpret_cast<Object*>(endpoint);
  if (object == nullptr || object->type() != XPC_TYPE_ENDPOINT) misuse("not an endpoint");
  return static_cast<Endpoint*>(object);
}

Ref<Endpoint> Endpoint::make(Socket socket) { return Ref<Endpoint>::adopt(new Endpoint(std::move(socket))); }

Ref<Object> Endpoint::receive(Descriptor descriptor) {
  Socket socket(std::move(descriptor));
  if (!socket.is_connected_packet_socket()) return nullptr;
  return make(std::move(socket));
}

Socket Endpoint::connect(int& error) const {
  Socket ours;
  Socket theirs;
  error = Socket::pair(ours, theirs);
  if (error != 0) return {};
  // Before the other end is anybody else's, or the service's first packet may come without its sender's name.
  ours.set_identifying(true);
  wire::Knock knock;
  const iovec part{&knock, sizeof knock};
  const int descriptor = theirs.descriptor();
  switch (socket_.send({&part, 1}, {&descriptor, 1})) {
    case Socket::Status::done:
      return ours;
    case Socket::Status::again:
    case Socket::Status::exhausted:
      error = EAGAIN;
      return {};
    default:
      error = ECONNREFUSED;
      return {};
  }
}

bool Endpoint::equals(const Object& other) const {
  return is_same_file(socket_.owned(), static_cast<const Endpoint&>(other).socket_.owned());
}

size_t Endpoint::hash() const { return hash_file(socket_.owned()); }

void Endpoint::describe(std::string& text) const { text += ": { pid = " + std::to_string(maker().pid) + " }"; }

void Endpoint::encode(Encoder& encoder) const {
  if (socket_) {
    encoder.write_right(TypeWord::endpoint, *this, socket_.descriptor());
  } else {
    encoder.write_word(TypeWord::null);  // made when no descriptor was left: it leads nowhere, and cannot be sent
  }
}

}  // namespace xpc
