// Inside a sandbox, with all rights there: gives up what the process is not to have, and becomes it.
#include <fcntl.h>
#include <errno.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "description.h"
#include "enter.h"
#include "system.h"

namespace launchport::sandbox {
namespace {

constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int kMaxGroups = 1024;

[[noreturn]] void fail(int code) {
  system_call(SYS_write, kReport, as_word("F"), 1);
  leave(code);
}

void require(long result, const char* what, const char* name) {
  if (result >= 0) return;
  complain(what, name, -result);
  fail(126);
}

// Calls `use` with each part of a list that `separator` divides.
template <typename Use>
void for_each_part(const char* list, char separator, Use use) {
  while (*list != '\0') {
    use(list);
    while (*list != '\0' && *list != separator) ++list;
    if (*list == separator) ++list;
  }
}

void write_file(const char* path, const char* content) {
  const long descriptor = system_call(SYS_openat, AT_FDCWD, as_word(path), O_WRONLY | O_CLOEXEC);
  require(descriptor, "cannot open", path);
  require(system_call(SYS_write, descriptor, as_word(content), static_cast<long>(length_of(content))), "cannot write",
          path);
  system_call(SYS_close, descriptor);
}

void take_terminal(const Description& process) {
  require(system_call(SYS_ioctl, 0, TIOCSCTTY, 0), "cannot take", "the terminal");
  // So that the user may open /dev/tty and what stands behind it. Not allowed everywhere, and then not needed.
  system_call(SYS_fchown, 0, static_cast<long>(number_of(process.uid)), -1);
}

void set_limits(const char* limits) {
  for_each_part(limits, ',', [](const char* part) {
    uint64_t values[3] = {};
    int count = 0;
    for_each_part(part, ':', [&](const char* number) {
      if (count < 3) values[count++] = number_of(number);
    });
    const uint64_t pair[2] = {values[1], values[2]};
    require(system_call(SYS_prlimit64, 0, static_cast<long>(values[0]), as_word(pair), 0), "cannot set",
            "a resource limit");
  });
}

// Makes the directory and those above it where they are missing; that it could not be shows when it is entered.
void make_directory(const char* path) {
  char prefix[4096];
  for (size_t at = 0; at < sizeof prefix - 1; ++at) {
    prefix[at] = '\0';
    if (at > 0 && (path[at] == '/' || path[at] == '\0')) {
      system_call(SYS_mkdirat, AT_FDCWD, as_word(prefix), 0755);
    }
    if (path[at] == '\0') return;
    prefix[at] = path[at];
  }
}

void set_groups(const char* groups) {
  uint32_t list[kMaxGroups];
  int count = 0;
  for_each_part(groups, ',', [&](const char* group) {
    if (count < kMaxGroups) list[count++] = static_cast<uint32_t>(number_of(group));
  });
  require(system_call(SYS_setgroups, count, as_word(list)), "cannot set", "the supplementary groups");
}

// For a user whom the sandbox's user namespace does not know: one in which that user is who root is here.
void become_in_own_namespace(const Description& process) {
  require(system_call(SYS_unshare, CLONE_NEWUSER), "cannot make", "a user namespace");
  char map[64];
  const auto map_to_root = [&map](const char* id) {
    size_t size = 0;
    while (id[size] != '\0' && size < 20) map[size] = id[size], ++size;
    memcpy(map + size, " 0 1", 5);
    return map;
  };
  // The files of /proc/self belong to root while a process is not dumpable.
  system_call(SYS_prctl, PR_SET_DUMPABLE, 1);
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", map_to_root(process.uid));
  write_file("/proc/self/gid_map", map_to_root(process.gid));
}

void give_up_rights(const Description& process) {
  const uint64_t kept = number_of(process.capabilities, 16);
  for (long capability = 0; capability < 64; ++capability) {
    if ((kept >> capability & 1) != 0) continue;
    const long result = system_call(SYS_prctl, PR_CAPBSET_DROP, capability);
    // The first that the kernel does not know ends the list.
    if (result == -EINVAL) break;
    require(result, "cannot drop", "a capability");
  }
  system_call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  const long uid = static_cast<long>(number_of(process.uid));
  const long gid = static_cast<long>(number_of(process.gid));
  if (!process.has_flag('n')) {
    require(system_call(SYS_setresgid, gid, gid, gid), "cannot become the group", process.gid);
    require(system_call(SYS_setresuid, uid, uid, uid), "cannot become the user", process.uid);
  }
  struct {
    uint32_t version;
    int pid;
  } header = {0x20080522, 0};  // _LINUX_CAPABILITY_VERSION_3
  struct {
    uint32_t effective, permitted, inheritable;
  } sets[2] = {};
  require(system_call(SYS_capget, as_word(&header), as_word(sets)), "cannot read", "the capabilities");
  for (int half = 0; half < 2; ++half) {
    const uint32_t wanted = uid == 0 ? static_cast<uint32_t>(kept >> (32 * half)) : 0;
    sets[half].permitted &= wanted;
    sets[half].effective = sets[half].permitted;
    sets[half].inheritable = 0;
  }
  require(system_call(SYS_capset, as_word(&header), as_word(sets)), "cannot set", "the capabilities");
  require(system_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1), "cannot forbid", "new privileges");
}

void filter_calls(const Description& process) {
  if (process.filter_size == 0) return;
  struct {
    uint16_t count;
    const char* filter;
  } const program = {static_cast<uint16_t>(process.filter_size / 8), process.filter};
  require(system_call(SYS_prctl, PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, as_word(&program)), "cannot set",
          "the system call filter");
}

// Returns why not.
long execute(const char* path, const Description& process) {
  return -system_call(SYS_execve, as_word(path), as_word(process.arguments), as_word(process.environment));
}

// As execvp(3), with the PATH that the process will have.
long search_and_execute(const Description& process) {
  const char* name = process.executable;
  if (*name == '\0') return ENOENT;
  for (const char* at = name; *at != '\0'; ++at) {
    if (*at == '/') return execute(name, process);
  }
  const char* search = kDefaultPath;
  for (char** entry = process.environment; *entry != nullptr; ++entry) {
    if ((*entry)[0] == 'P' && (*entry)[1] == 'A' && (*entry)[2] == 'T' && (*entry)[3] == 'H' && (*entry)[4] == '=') {
      search = *entry + 5;
    }
  }
  long best = ENOENT;
  for_each_part(search, ':', [&](const char* directory) {
    char path[4096];
    size_t size = 0;
    while (directory[size] != '\0' && directory[size] != ':' && size < 2048) path[size] = directory[size], ++size;
    const size_t length = length_of(name);
    if (size == 0 || length > 1024) return;
    path[size] = '/';
    memcpy(path + size + 1, name, length + 1);
    const long error = execute(path, process);
    if (error != ENOENT && error != ENOTDIR) best = error;
  });
  return best;
}

}  // namespace

int run() {
  system_call(SYS_prctl, PR_SET_DUMPABLE, 0);
  Description process;
  if (!read_description(kControl, &process)) {
    complain("cannot read", "what to run", EINVAL);
    fail(126);
  }
  system_call(SYS_close, kControl);
  system_call(SYS_fcntl, kReport, F_SETFD, FD_CLOEXEC);
  system_call(SYS_setsid);
  system_call(SYS_umask, 022);
  if (process.has_flag('t')) take_terminal(process);
  set_limits(process.limits);
  make_directory(process.directory);
  if (process.has_flag('g')) set_groups(process.groups);
  if (process.has_flag('n')) become_in_own_namespace(process);
  give_up_rights(process);
  // As the user: a directory that only root may enter is refused here, not found out by the program.
  require(system_call(SYS_chdir, as_word(process.directory)), "cannot enter", process.directory);
  filter_calls(process);
  const long error = search_and_execute(process);
  complain("cannot run", process.executable, error);
  fail(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

}  // namespace launchport::sandbox
