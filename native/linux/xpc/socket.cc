#include "socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "wire.h"

// Linux 6.5; newer than the C library's headers may be.
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

namespace xpc {
namespace {

// Room for all that a packet can bring.
constexpr size_t kControlBytes =
    CMSG_SPACE(wire::kMostRights * sizeof(int)) + CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int));

template <typename Value>
Value read_value(const cmsghdr& control, size_t index = 0) {
  Value value;
  std::memcpy(&value, CMSG_DATA(&control) + index * sizeof value, sizeof value);
  return value;
}

void take_rights(const cmsghdr& control, ReceivedRights& rights) {
  const size_t count = (control.cmsg_len - CMSG_LEN(0)) / sizeof(int);
  rights.reserve(rights.size() + count);
  for (size_t index = 0; index < count; ++index) rights.emplace_back(read_value<int>(control, index));
}

void read_control(msghdr& message, Socket::Received& received) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET) continue;
    switch (control->cmsg_type) {
      case SCM_RIGHTS:
        take_rights(*control, received.rights);
        break;
      case SCM_CREDENTIALS: {
        const auto credentials = read_value<ucred>(*control);
        received.sender = Credentials{credentials.pid, credentials.uid, credentials.gid};
        break;
      }
      case SCM_PIDFD:
        received.process = Descriptor(read_value<int>(*control));  // negative, that is empty, on failure
        break;
    }
  }
}

int read_option(int descriptor, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

}  // namespace

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

int Socket::pair(Socket& first, Socket& second) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  first = Socket(Descriptor(ends[0]));
  second = Socket(Descriptor(ends[1]));
  return 0;
}

Credentials Socket::peer() const {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (getsockopt(descriptor_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return {};
  return {credentials.pid, credentials.uid, credentials.gid};
}

bool Socket::peer_process(Descriptor& process) const {
  process = Descriptor(read_option(descriptor_.get(), SO_PEERPIDFD));
  return process || errno == ENOPROTOOPT;
}

void Socket::set_identifying(bool is_identifying) {
  const int value = is_identifying ? 1 : 0;
  // Cannot fail for a Unix socket; if it did, no sender would be named and the hello be refused.
  setsockopt(descriptor_.get(), SOL_SOCKET, SO_PASSCRED, &value, sizeof value);
  if (is_identifying_processes_ && !is_identifying) {
    setsockopt(descriptor_.get(), SOL_SOCKET, SO_PASSPIDFD, &value, sizeof value);
    is_identifying_processes_ = false;
  }
}

void Socket::identify_processes() {
  const int value = 1;
  is_identifying_processes_ = setsockopt(descriptor_.get(), SOL_SOCKET, SO_PASSPIDFD, &value, sizeof value) == 0;
}

void Socket::set_send_buffer(int length) {
  setsockopt(descriptor_.get(), SOL_SOCKET, SO_SNDBUF, &length, sizeof length);
}

bool Socket::is_connected_packet_socket() const {
  const int descriptor = descriptor_.get();
  return read_option(descriptor, SO_DOMAIN) == AF_UNIX && read_option(descriptor, SO_TYPE) == SOCK_SEQPACKET &&
         read_option(descriptor, SO_ACCEPTCONN) == 0 && peer().pid != 0;
}

Socket::Status Socket::send(std::span<const iovec> parts, std::span<const int> rights) const {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  alignas(cmsghdr) char control[CMSG_SPACE(wire::kMostRights * sizeof(int))];
  if (!rights.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(rights.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    *header = {CMSG_LEN(rights.size_bytes()), SOL_SOCKET, SCM_RIGHTS};
    std::memcpy(CMSG_DATA(header), rights.data(), rights.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(descriptor_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return Status::done;
  switch (errno) {
    case EAGAIN:
      return Status::again;
    case ENOBUFS:
    case ENOMEM:
    case ETOOMANYREFS:  // the user has too many descriptors under way
      return Status::exhausted;
    case EMSGSIZE:
      return Status::too_large;
    default:
      return Status::closed;
  }
}

Socket::Received Socket::receive(std::span<iovec> parts) const {
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  alignas(cmsghdr) char control[kControlBytes];
  message.msg_control = control;
  message.msg_controllen = sizeof control;
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
  received.is_truncated = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  if (message.msg_controllen > 0) read_control(message, received);
  // An empty packet has no meaning here and looks like the end, so it is one.
  if (length == 0) received.status = Status::closed;
  return received;
}

}  // namespace xpc
