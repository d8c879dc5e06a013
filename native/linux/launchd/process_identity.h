// Telling a process from another that has its number later, and what a process that is not our child left behind.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "unique_fd.h"

namespace launchport {

struct ProcessIdentity {
  uint64_t start_time;  // clock ticks since the boot (proc_pid_stat(5), field 22)
  std::string boot_id;  // random_boot_id of the running kernel

  bool operator==(const ProcessIdentity&) const = default;
};

// Nothing when no such process is there, or /proc is not. A zombie is one that is there.
std::optional<ProcessIdentity> identity_of(pid_t pid);

// A pidfd of the process, if it is still the one of `identity`; else empty.
UniqueFd open_process(pid_t pid, const ProcessIdentity& identity);

// The wait status of a process that ended: from the kernel's own record (Linux 6.15), or from its zombie, if its
// parent has not taken it yet. Nothing when neither is to be had. `is_over` is false while it still runs.
std::optional<int> wait_status_of(int pidfd, pid_t pid, uint64_t start_time, bool* is_over);

// Signals the process group whose leader the pidfd stands for, even when the leader is gone. 0 or an errno; ESRCH when
// none is left, or an older kernel (before 6.9) cannot tell whose group it is.
int signal_group(int pidfd, pid_t pid, uint64_t start_time, int signal);

}  // namespace launchport
