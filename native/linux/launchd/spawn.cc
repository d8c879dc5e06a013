#include "spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "spawn_identity.h"
#include "spawn_limits.h"

namespace launchport {
namespace {

constexpr char kListenPid[] = "LISTEN_PID=";
constexpr size_t kMaxPidDigits = 10;
constexpr int kFirstListener = 3;

// What failed in the child, sent through the exec pipe.
enum class Stage : int {
  setsid,
  dup2,
  close_range,
  setrlimit,
  setpriority,
  chroot,
  setgroups,
  setgid,
  setuid,
  chdir,
  prctl,
  execve
};

struct ExecFailure {
  Stage stage;
  int number;
};

const char* syscall_of(Stage stage) {
  static constexpr const char* kNames[] = {"setsid",    "dup2",   "close_range", "setrlimit", "setpriority", "chroot",
                                           "setgroups", "setgid", "setuid",      "chdir",     "prctl",       "execve"};
  return kNames[static_cast<int>(stage)];
}

// Everything the child needs, made before the fork: after it, another thread's lock on the heap is never released.
struct ChildPlan {
  const char* file;
  const char* cwd;
  char** argv;
  char** envp;
  char* listen_pid;           // where the digits go; null without listeners
  const int* sources;         // descriptors to become 0, 1, 2, …; all above those numbers
  int source_count;
  int failure_pipe;           // a socket, above source_count
  bool is_gated;              // waits there for one byte before it executes
  bool has_umask;
  mode_t umask;
  bool has_nice;
  int nice;
  const SpawnRequest::Limit* limits;
  size_t limit_count;
  const char* root;             // null for none
  const SpawnIdentity* identity;  // null for the parent's own
  int parent_death_signal;
  pid_t parent;
};

[[noreturn]] void fail_child(const ChildPlan& plan, Stage stage) {
  const ExecFailure failure = {stage, errno};
  // The pipe is empty, so this does not block; when the parent is gone nobody wants to know.
  while (write(plan.failure_pipe, &failure, sizeof failure) < 0 && errno == EINTR) {
  }
  _exit(127);
}

void write_decimal(char* at, pid_t value) {
  char digits[kMaxPidDigits];
  size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  while (count > 0) *at++ = digits[--count];
  *at = '\0';
}

bool close_between(unsigned first, unsigned last) {
  if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return true;
  if (errno != ENOSYS) return false;
  // Before Linux 5.9. No descriptor is above the limit, unless it was lowered while some were open.
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  for (unsigned descriptor = first; descriptor <= last && descriptor < limit.rlim_max; ++descriptor) {
    close(static_cast<int>(descriptor));
  }
  return true;
}

void restore_signals() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  // Ignored signals stay ignored across exec, and Node ignores some. Refused for SIGKILL, SIGSTOP and libc's own.
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// As another user. Each step takes away the right to do the one before. Raw calls: libc's would want to tell all threads.
void become(const ChildPlan& plan) {
  if (plan.root != nullptr && chroot(plan.root) != 0) fail_child(plan, Stage::chroot);
  if (plan.identity == nullptr) return;
  const SpawnIdentity& identity = *plan.identity;
  if (syscall(SYS_setgroups, identity.groups.size(), identity.groups.data()) != 0) fail_child(plan, Stage::setgroups);
  if (syscall(SYS_setgid, identity.gid) != 0) fail_child(plan, Stage::setgid);
  if (syscall(SYS_setuid, identity.uid) != 0) fail_child(plan, Stage::setuid);
}

// Returns when the parent lets the program run.
void wait_at_gate(const ChildPlan& plan) {
  char permission;
  ssize_t size;
  do {
    size = read(plan.failure_pipe, &permission, 1);
  } while (size < 0 && errno == EINTR);
  if (size != 1) _exit(127);
}

// Runs between fork and exec: async-signal-safe calls only (signal-safety(7)), no allocation, no lock.
[[noreturn]] void run_child(const ChildPlan& plan) {
  if (setsid() < 0) fail_child(plan, Stage::setsid);
  if (plan.parent_death_signal != 0) {
    if (prctl(PR_SET_PDEATHSIG, plan.parent_death_signal) != 0) fail_child(plan, Stage::prctl);
    // The parent may have ended before the call.
    if (getppid() != plan.parent) _exit(127);
  }
  for (int i = 0; i < plan.source_count; ++i) {
    if (dup2(plan.sources[i], i) < 0) fail_child(plan, Stage::dup2);
  }
  const auto pipe = static_cast<unsigned>(plan.failure_pipe);
  if (!close_between(static_cast<unsigned>(plan.source_count), pipe - 1) || !close_between(pipe + 1, ~0u)) {
    fail_child(plan, Stage::close_range);
  }
  if (plan.has_umask) umask(plan.umask);
  for (size_t i = 0; i < plan.limit_count; ++i) {
    if (!apply_limit(plan.limits[i])) fail_child(plan, Stage::setrlimit);
  }
  if (plan.has_nice && setpriority(PRIO_PROCESS, 0, plan.nice) != 0) fail_child(plan, Stage::setpriority);
  become(plan);
  if (plan.identity != nullptr && plan.parent_death_signal != 0) {
    // A change of user clears it.
    if (prctl(PR_SET_PDEATHSIG, plan.parent_death_signal) != 0) fail_child(plan, Stage::prctl);
    if (getppid() != plan.parent) _exit(127);
  }
  if (chdir(plan.cwd) != 0) fail_child(plan, Stage::chdir);
  if (plan.listen_pid != nullptr) write_decimal(plan.listen_pid, getpid());
  if (plan.is_gated) wait_at_gate(plan);
  restore_signals();
  execve(plan.file, plan.argv, plan.envp);
  fail_child(plan, Stage::execve);
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The environment with the socket activation variables of sd_listen_fds(3); the last is LISTEN_PID, yet empty.
std::vector<std::string> environment_of(const SpawnRequest& request) {
  std::vector<std::string> env = request.env;
  if (request.listeners.empty()) return env;
  std::erase_if(env, [](std::string_view entry) {
    return entry.starts_with("LISTEN_FDS=") || entry.starts_with("LISTEN_PID=") || entry.starts_with("LISTEN_FDNAMES=");
  });
  std::string names = "LISTEN_FDNAMES=";
  for (const SpawnRequest::Listener& listener : request.listeners) {
    if (&listener != &request.listeners.front()) names += ':';
    names += listener.name;
  }
  env.push_back(std::move(names));
  env.push_back("LISTEN_FDS=" + std::to_string(request.listeners.size()));
  env.push_back(std::string(kListenPid) + std::string(kMaxPidDigits, '\0'));
  return env;
}

void reap(const SpawnedProcess& process) {
  siginfo_t info;
  while (waitid(P_PID, static_cast<id_t>(process.pid), &info, WEXITED) != 0 && errno == EINTR) {
  }
}

void kill_and_reap(const SpawnedProcess& process) {
  kill(process.pid, SIGKILL);
  reap(process);
}

// Waits for the pipe's end, which is the exec, or for the child's failure.
bool wait_for_exec(int pipe, SystemError* error, const SpawnRequest& request) {
  pollfd poll_fd = {pipe, POLLIN, 0};
  int ready;
  do {
    ready = poll(&poll_fd, 1, kExecTimeoutMs);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) {
    *error = {ETIMEDOUT, "execve", request.file};
    return false;
  }
  ExecFailure failure;
  ssize_t size;
  do {
    size = read(pipe, &failure, sizeof failure);
  } while (size < 0 && errno == EINTR);
  if (size == 0) return true;
  if (size != sizeof failure) {
    *error = {size < 0 ? errno : EIO, "read", request.file};
    return false;
  }
  *error = {failure.number, syscall_of(failure.stage), {}};
  if (failure.stage == Stage::execve) error->path = request.file;
  if (failure.stage == Stage::chdir) error->path = request.cwd;
  if (failure.stage == Stage::chroot) error->path = *request.root;
  return false;
}

// The child inherits a mask that blocks everything, so none of Node's handlers runs in it.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

std::optional<SpawnedProcess> spawn(const SpawnRequest& request, SystemError* error) {
  SpawnIdentity identity;
  const bool has_identity = request.user.has_value() || request.group.has_value();
  if (has_identity && !find_identity(request, &identity, error)) return std::nullopt;
  std::vector<int> originals(request.stdio.begin(), request.stdio.end());
  for (const SpawnRequest::Listener& listener : request.listeners) originals.push_back(listener.descriptor);
  const int count = static_cast<int>(originals.size());
  // Copies above the numbers they go to, so that none is overwritten before its turn.
  std::vector<UniqueFd> copies;
  std::vector<int> sources;
  for (const int descriptor : originals) {
    copies.emplace_back(fcntl(descriptor, F_DUPFD_CLOEXEC, count));
    if (!copies.back()) {
      *error = {errno, "fcntl", {}};
      return std::nullopt;
    }
    sources.push_back(copies.back().get());
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    *error = {errno, "socketpair", {}};
    return std::nullopt;
  }
  const UniqueFd read_end(ends[0]);
  UniqueFd low_write_end(ends[1]);
  UniqueFd write_end(fcntl(low_write_end.get(), F_DUPFD_CLOEXEC, count));
  if (!write_end) {
    *error = {errno, "fcntl", {}};
    return std::nullopt;
  }
  low_write_end = UniqueFd();

  std::vector<std::string> args = request.args;
  std::vector<std::string> env = environment_of(request);
  const std::vector<char*> argv = pointers_to(args);
  const std::vector<char*> envp = pointers_to(env);
  const ChildPlan plan = {
      .file = request.file.c_str(),
      .cwd = request.cwd.c_str(),
      .argv = const_cast<char**>(argv.data()),
      .envp = const_cast<char**>(envp.data()),
      .listen_pid = request.listeners.empty() ? nullptr : env.back().data() + sizeof kListenPid - 1,
      .sources = sources.data(),
      .source_count = count,
      .failure_pipe = write_end.get(),
      .is_gated = request.forked != nullptr,
      .has_umask = request.umask.has_value(),
      .umask = request.umask.value_or(0),
      .has_nice = request.nice.has_value(),
      .nice = request.nice.value_or(0),
      .limits = request.limits.data(),
      .limit_count = request.limits.size(),
      .root = request.root.has_value() ? request.root->c_str() : nullptr,
      .identity = has_identity ? &identity : nullptr,
      .parent_death_signal = request.parent_death_signal,
      .parent = getpid(),
  };
  SpawnedProcess process = {};
  {
    const BlockedSignals blocked;
    process.pid = fork();
    if (process.pid == 0) run_child(plan);
    if (process.pid < 0) {
      *error = {errno, "fork", {}};
      return std::nullopt;
    }
  }
  write_end = UniqueFd();
  process.pidfd = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (!process.pidfd) {
    *error = {errno, "pidfd_open", {}};
    kill_and_reap(process);
    return std::nullopt;
  }
  if (request.forked != nullptr) {
    if (!request.forked(process.pid, error)) {
      kill_and_reap(process);
      return std::nullopt;
    }
    // Refused by a child that has failed already, which is told below.
    send(read_end.get(), "", 1, MSG_NOSIGNAL);
  }
  if (!wait_for_exec(read_end.get(), error, request)) {
    kill_and_reap(process);
    return std::nullopt;
  }
  return process;
}

}  // namespace launchport
