#include "keeper_client.h"

#include <dlfcn.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "keeper/protocol.h"
#include "keeper/send_record.h"

namespace launchport {
namespace {

using keeper::Record;

std::nullopt_t fail(SystemError* error, int number, const char* syscall) {
  *error = {number, syscall, {}};
  return std::nullopt;
}

ssize_t receive_record(int connection, Record* record, UniqueFd* descriptor) {
  iovec part = {record, sizeof *record};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  // Room for one, not for the second that padding would allow.
  message.msg_controllen = CMSG_LEN(sizeof(int));
  const ssize_t size = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  if (size < 0) return size;
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
      header->cmsg_len == CMSG_LEN(sizeof(int))) {
    int number;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    *descriptor = UniqueFd(number);
  }
  return size;
}

}  // namespace

UniqueFd connect_keeper(const std::string& path, SystemError* error) {
  *error = {};
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    *error = {ENAMETOOLONG, "connect", path};
    return {};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd connection(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!connection) {
    *error = {errno, "socket", path};
    return {};
  }
  // A keeper whose queue is full must not hold us up for ever; the same bound serves for requests.
  const timeval limit = {kKeeperTimeoutMs / 1000, kKeeperTimeoutMs % 1000 * 1000};
  setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const bool is_absent = errno == ECONNREFUSED || errno == ENOENT;
    if (!is_absent) *error = {errno == EAGAIN ? ETIMEDOUT : errno, "connect", path};
    return {};
  }
  // Whoever listens there, it gets our sockets: it must be of our user.
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid()) {
    *error = {EACCES, "connect", path};
    return {};
  }
  return connection;
}

std::optional<KeeperAnswer> call_keeper(int connection, const KeeperRequest& request, SystemError* error) {
  if (request.name.size() > keeper::kMaxName) return fail(error, ENAMETOOLONG, "sendmsg");
  Record record = {};
  record.magic = keeper::kMagic;
  record.operation = request.operation;
  record.index = request.index;
  record.tag = request.tag;
  record.name_size = static_cast<uint32_t>(request.name.size());
  std::memcpy(record.name, request.name.data(), request.name.size());
  ssize_t size;
  do {
    size = keeper::send_record(connection, record, request.descriptor, 0);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return fail(error, errno == EAGAIN ? ETIMEDOUT : errno, "sendmsg");

  pollfd poll_fd = {connection, POLLIN, 0};
  int ready;
  do {
    ready = poll(&poll_fd, 1, kKeeperTimeoutMs);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return fail(error, ETIMEDOUT, "recvmsg");
  KeeperAnswer answer;
  do {
    size = receive_record(connection, &record, &answer.descriptor);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return fail(error, size == 0 ? ECONNRESET : errno, "recvmsg");
  const bool is_good = size == static_cast<ssize_t>(sizeof record) && record.magic == keeper::kMagic &&
                       record.operation == request.operation && record.name_size <= keeper::kMaxName;
  if (!is_good) return fail(error, EPROTO, "recvmsg");
  answer.status = record.status;
  answer.count = record.count;
  answer.pid = record.pid;
  answer.tag = record.tag;
  answer.name.assign(record.name, record.name_size);
  return answer;
}

std::string keeper_program() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&keeper_program), &info) == 0 || info.dli_fname == nullptr) return {};
  char resolved[PATH_MAX];
  const std::string library = realpath(info.dli_fname, resolved) != nullptr ? resolved : info.dli_fname;
  return library.substr(0, library.rfind('/') + 1) + "launchport-keeper";
}

}  // namespace launchport
