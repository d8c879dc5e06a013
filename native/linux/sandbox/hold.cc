// The first process of a sandbox. It holds the namespaces and takes in orphans; the command is not its child.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "enter.h"
#include "system.h"

namespace launchport::sandbox {
namespace {

// A descriptor that becomes readable when a child ends.
int watch_children() {
  // The kernel's set of signals: one bit each, the first for signal 1.
  const uint64_t set = 1ULL << (SIGCHLD - 1);
  system_call(SYS_rt_sigprocmask, SIG_BLOCK, as_word(&set), 0, sizeof set);
  return static_cast<int>(system_call(SYS_signalfd4, -1, as_word(&set), sizeof set, O_NONBLOCK | O_CLOEXEC));
}

void reap() {
  while (system_call(SYS_wait4, -1, 0, WNOHANG, 0) > 0) {
  }
}

}  // namespace

int hold(int lifeline) {
  system_call(SYS_prctl, PR_SET_DUMPABLE, 0);
  if (lifeline != kControl) {
    system_call(SYS_dup3, lifeline, kControl, 0);
    lifeline = kControl;
  }
  close_from(kControl + 1);
  for (int descriptor = 0; descriptor <= 2; ++descriptor) system_call(SYS_close, descriptor);
  const int children = watch_children();
  if (children < 0) return 125;
  if (system_call(SYS_write, lifeline, as_word("r"), 1) != 1) return 125;
  for (;;) {
    pollfd watched[2] = {{lifeline, POLLIN, 0}, {children, POLLIN, 0}};
    system_call(SYS_ppoll, as_word(watched), 2, 0, 0, 0);
    if (watched[0].revents != 0) return 0;
    char record[128];
    while (system_call(SYS_read, children, as_word(record), sizeof record) > 0) {
    }
    reap();
  }
}

}  // namespace launchport::sandbox
