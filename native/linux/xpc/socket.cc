#include "socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

// Linux 6.5; newer than the C library's headers may be.
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

namespace xpc {
namespace {

// Closes descriptors that came along with a packet: this protocol carries none, so they are a peer's mischief.
void close_passed(const cmsghdr& control) {
  const size_t count = (control.cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t index = 0; index < count; ++index) {
    int passed = -1;
    std::memcpy(&passed, CMSG_DATA(&control) + index * sizeof(int), sizeof passed);
    close(passed);
  }
}

std::optional<Credentials> read_control(msghdr& message) {
  std::optional<Credentials> sender;
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET) continue;
    if (control->cmsg_type == SCM_RIGHTS) close_passed(*control);
    if (control->cmsg_type == SCM_CREDENTIALS) {
      ucred credentials{};
      std::memcpy(&credentials, CMSG_DATA(control), sizeof credentials);
      sender = Credentials{credentials.pid, credentials.uid, credentials.gid};
    }
  }
  return sender;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Socket Socket::connect(const std::string& path, int& error) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    error = ENAMETOOLONG;
    return {};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());

  Socket socket(Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  if (!socket) {
    error = errno;
    return {};
  }
  // Before connecting, or the service's first packet may be under way without its sender's name.
  socket.set_identifying(true);
  int result = 0;
  do {
    result = ::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    error = errno;
    return {};
  }
  error = 0;
  return socket;
}

Credentials Socket::peer() const {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (getsockopt(descriptor_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return {};
  return {credentials.pid, credentials.uid, credentials.gid};
}

Descriptor Socket::peer_process() const {
  int process = -1;
  socklen_t length = sizeof process;
  if (getsockopt(descriptor_.get(), SOL_SOCKET, SO_PEERPIDFD, &process, &length) != 0) return {};
  return Descriptor(process);
}

void Socket::set_identifying(bool is_identifying) {
  const int value = is_identifying ? 1 : 0;
  // Cannot fail for a Unix socket; if it did, no sender would be named and the hello be refused.
  setsockopt(descriptor_.get(), SOL_SOCKET, SO_PASSCRED, &value, sizeof value);
  is_identifying_ = is_identifying;
}

void Socket::set_send_buffer(int length) {
  setsockopt(descriptor_.get(), SOL_SOCKET, SO_SNDBUF, &length, sizeof length);
}

Socket::Status Socket::send(std::span<const iovec> parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  ssize_t sent = 0;
  do {
    sent = sendmsg(descriptor_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return Status::done;
  switch (errno) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
      return Status::again;
    case EMSGSIZE:
      return Status::too_large;
    default:
      return Status::closed;
  }
}

Socket::Received Socket::receive(std::span<iovec> parts) {
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  if (is_identifying_) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
  }
  Received received;
  ssize_t length = 0;
  do {
    length = recvmsg(descriptor_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (length < 0 && errno == EINTR);
  if (length < 0) {
    received.status = errno == EAGAIN ? Status::again : errno == ECONNRESET ? Status::reset : Status::closed;
    return received;
  }
  received.length = static_cast<size_t>(length);
  received.is_truncated = (message.msg_flags & MSG_TRUNC) != 0;
  if (is_identifying_) received.sender = read_control(message);
  // An empty packet has no meaning here and looks like the end, so it is one.
  if (length == 0) received.status = Status::closed;
  return received;
}

}  // namespace xpc
