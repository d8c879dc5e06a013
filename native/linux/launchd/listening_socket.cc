#include "listening_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace launchport {
namespace {

// False when `path` is too long for a socket's address.
bool set_path(sockaddr_un* address, const std::string& path) {
  *address = {};
  address->sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address->sun_path) return false;
  std::memcpy(address->sun_path, path.data(), path.size());
  return true;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

UniqueFd fail(SystemError* error, const char* syscall, const std::string& path, int number = errno) {
  *error = {number, syscall, path};
  return {};
}

// A name in the same directory that no service has: service names do not start with a dot.
std::string temporary_name() {
  uint64_t bits = 0;
  if (getrandom(&bits, sizeof bits, 0) != sizeof bits) bits = static_cast<uint64_t>(getpid());
  char name[32];
  std::snprintf(name, sizeof name, ".%016llx", static_cast<unsigned long long>(bits));
  return name;
}

}  // namespace

UniqueFd create_listening_socket(const std::string& path, int backlog, SystemError* error) {
  sockaddr_un address;
  // Clients could not connect to it.
  if (!set_path(&address, path)) return fail(error, "bind", path, ENAMETOOLONG);
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);

  const UniqueFd directory_fd(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory_fd) return fail(error, "open", directory);
  UniqueFd socket_fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_fd) return fail(error, "socket", path);
  // Linux gives the socket's file the mode of the socket, so it is never more accessible than this, whatever the umask.
  if (fchmod(socket_fd.get(), 0600) != 0) return fail(error, "fchmod", path);

  const std::string temporary = temporary_name();
  // Through the directory's descriptor the temporary path is short, however long `path` is.
  set_path(&address, "/proc/self/fd/" + std::to_string(directory_fd.get()) + "/" + temporary);
  if (bind(socket_fd.get(), as_sockaddr(address), sizeof address) != 0) return fail(error, "bind", path);
  if (listen(socket_fd.get(), backlog) == 0) {
    if (renameat(directory_fd.get(), temporary.c_str(), directory_fd.get(), name.c_str()) == 0) return socket_fd;
    fail(error, "rename", path);
  } else {
    fail(error, "listen", path);
  }
  unlinkat(directory_fd.get(), temporary.c_str(), 0);
  return {};
}

bool move_listening_socket(const std::string& from, const std::string& to, SystemError* error) {
  if (rename(from.c_str(), to.c_str()) == 0) return true;
  fail(error, "rename", from);
  return false;
}

std::optional<pid_t> pid_of_listener(int descriptor, SystemError* error) {
  ucred credentials = {};
  socklen_t size = sizeof credentials;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    fail(error, "getsockopt", {});
    return std::nullopt;
  }
  return credentials.pid;
}

std::optional<bool> is_listening_at(const std::string& path, SystemError* error) {
  sockaddr_un address;
  if (!set_path(&address, path)) return false;  // no socket can have this path
  const UniqueFd probe(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) {
    fail(error, "socket", path);
    return std::nullopt;
  }
  if (connect(probe.get(), as_sockaddr(address), sizeof address) == 0) return true;
  switch (errno) {
    case EAGAIN:      // its backlog is full
    case EPROTOTYPE:  // a live socket of another type
      return true;
    case ECONNREFUSED:
    case ENOENT:
    case ENOTDIR:
      return false;
    default:
      fail(error, "connect", path);
      return std::nullopt;
  }
}

UniqueFd lock_file(const std::string& path, SystemError* error) {
  *error = {};
  // Close-on-exec: the lock lives as long as any copy of the descriptor, and a job must not keep it.
  UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return fail(error, "open", path);
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return {};
    if (errno != EINTR) return fail(error, "flock", path);
  }
  return file;
}

}  // namespace launchport
