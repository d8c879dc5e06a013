// The supervisor's side of the keeper (keeper/protocol.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "system_error.h"
#include "unique_fd.h"

namespace launchport {

// How long a keeper may take for one answer. It does nothing that waits, so one that needs longer is stopped or gone.
inline constexpr int kKeeperTimeoutMs = 2'000;

struct KeeperRequest {
  uint32_t operation = 0;
  std::string name;
  uint32_t index = 0;
  uint64_t tag = 0;
  int descriptor = -1;  // for keeper::kStore; stays the caller's
};

struct KeeperAnswer {
  int status = 0;  // errno
  uint32_t count = 0;
  pid_t pid = 0;
  uint64_t tag = 0;
  std::string name;
  UniqueFd descriptor;
};

// Connects to a keeper of the same user. Empty without an error number when there is none.
UniqueFd connect_keeper(const std::string& path, SystemError* error);
// Asks and waits for the answer, at most kKeeperTimeoutMs (ETIMEDOUT; ECONNRESET when the keeper is gone).
std::optional<KeeperAnswer> call_keeper(int connection, const KeeperRequest& request, SystemError* error);
// The program, which is installed beside this library.
std::string keeper_program();

}  // namespace launchport
