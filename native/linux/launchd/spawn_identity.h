// Who a started process is to be, looked up by name before the fork.
#pragma once

#include <sys/types.h>

#include <vector>

#include "spawn.h"
#include "system_error.h"

namespace launchport {

struct SpawnIdentity {
  uid_t uid;
  gid_t gid;
  std::vector<gid_t> groups;
};

// Fills `identity` from the request's user and group; false, with ENOENT, for a name that nobody has.
bool find_identity(const SpawnRequest& request, SpawnIdentity* identity, SystemError* error);

}  // namespace launchport
