// Starting a process with exactly the descriptors it is to have.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "system_error.h"
#include "unique_fd.h"

namespace launchport {

struct SpawnRequest {
  struct Listener {
    std::string name;
    int descriptor;
  };

  // One setrlimit(2); what is absent stays as it is.
  struct Limit {
    int resource;
    std::optional<rlim_t> soft;
    std::optional<rlim_t> hard;
  };

  std::string file;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  std::array<int, 3> stdio;
  std::vector<Listener> listeners;
  std::optional<mode_t> umask;
  std::optional<int> nice;
  std::vector<Limit> limits;
  std::optional<std::string> root;   // chroot(2) to it, before the change to cwd
  std::optional<std::string> user;   // by name, with its groups
  std::optional<std::string> group;  // by name; without it, the user's own
  bool init_groups = true;           // the user's other groups too
  int parent_death_signal = 0;
  // Called in the parent while the child waits to execute; false ends the child, and the spawn with `error`. A child
  // whose parent dies meanwhile ends too: no program runs that the callback did not agree to.
  std::function<bool(pid_t pid, SystemError* error)> forked;
};

struct SpawnedProcess {
  pid_t pid;
  UniqueFd pidfd;
};

// Forks and executes. Returns when the new program runs, or nothing with `error` when it does not: then no process
// is left behind. Blocks for the moment between fork and exec, at most kExecTimeoutMs.
inline constexpr int kExecTimeoutMs = 10'000;
std::optional<SpawnedProcess> spawn(const SpawnRequest& request, SystemError* error);

}  // namespace launchport
