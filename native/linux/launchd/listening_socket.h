// The sockets of the bootstrap namespace, and the file that keeps two supervisors apart.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "system_error.h"
#include "unique_fd.h"

namespace launchport {

// Each returns nothing (or an empty descriptor) and fills `error` when the system refuses.

// A listening SOCK_SEQPACKET socket at `path`, mode 0600, non-blocking. What was at `path` is replaced atomically.
UniqueFd create_listening_socket(const std::string& path, int backlog, SystemError* error);
// Renames a socket; clients find it at the new path and no longer at the old one. Descriptors of it stay good.
bool move_listening_socket(const std::string& from, const std::string& to, SystemError* error);
// The pid of the process that last called listen(2) on the socket.
std::optional<pid_t> pid_of_listener(int descriptor, SystemError* error);
// Whether some process listens at `path`. Connects to find out, so the listener sees a client that is gone at once.
std::optional<bool> is_listening_at(const std::string& path, SystemError* error);
// Opens `path`, made 0600 if need be, and locks it. Empty without an error number when another process has the lock.
UniqueFd lock_file(const std::string& path, SystemError* error);

}  // namespace launchport
