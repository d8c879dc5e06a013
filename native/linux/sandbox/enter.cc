// Joining a sandbox from outside. Descriptors of the host never get past it: only 0 to 3 and the report pipe do.
#include "enter.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "system.h"

namespace launchport::sandbox {
namespace {

struct Name {
  const char* text;
  int flag;
};

constexpr Name kNamespaces[] = {
    {"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS}, {"pid", CLONE_NEWPID},       {"net", CLONE_NEWNET},
    {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS}, {"cgroup", CLONE_NEWCGROUP},
};

// The text up to a comma or the end, when it is a name of kNamespaces; else nullptr.
const Name* name_at(const char* text) {
  for (const Name& name : kNamespaces) {
    const size_t length = length_of(name.text);
    size_t same = 0;
    while (same < length && text[same] == name.text[same]) ++same;
    if (same == length && (text[length] == ',' || text[length] == '\0')) return &name;
  }
  return nullptr;
}

uint64_t microseconds(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000 + static_cast<uint64_t>(time.tv_usec);
}

// In the child, within the namespaces: runs this program again from its read-only place inside, so that nothing of the
// sandbox ever has a way to the host's file of it (as /proc/PID/exe would be).
[[noreturn]] void go_inside(int report, int last_descriptor) {
  const bool joined = join_groups(kFirstGroup, last_descriptor);
  if (report != kReport) {
    system_call(SYS_dup3, report, kReport, 0);
    system_call(SYS_close, report);
  }
  system_call(SYS_close, kProcess);
  close_from(kReport + 1);
  const char* const arguments[] = {"launchport-sandbox", "run", nullptr};
  const char* const environment[] = {nullptr};
  if (joined) {
    const long error = -system_call(SYS_execve, as_word(kInsidePath), as_word(arguments), as_word(environment));
    complain("cannot run", kInsidePath, error);
  }
  system_call(SYS_write, kReport, as_word("F"), 1);
  leave(126);
}

}  // namespace

bool join_namespaces(const char* names) {
  int opened[8];
  const Name* found[8];
  int count = 0;
  // All are opened first: after the first is joined, /proc may be another's.
  for (const char* at = names; *at != '\0' && count < 8;) {
    const Name* const name = name_at(at);
    if (name == nullptr) return false;
    char path[16] = "ns/";
    memcpy(path + 3, name->text, length_of(name->text) + 1);
    const long descriptor = system_call(SYS_openat, kProcess, as_word(path), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      complain("cannot open the namespace", name->text, -descriptor);
      return false;
    }
    opened[count] = static_cast<int>(descriptor);
    found[count++] = name;
    at += length_of(name->text);
    if (*at == ',') ++at;
  }
  for (int at = 0; at < count; ++at) {
    const long result = system_call(SYS_setns, opened[at], found[at]->flag);
    if (result < 0) {
      complain("cannot join the namespace", found[at]->text, -result);
      return false;
    }
    system_call(SYS_close, opened[at]);
  }
  return true;
}

bool join_groups(int first, int last) {
  for (int descriptor = first; descriptor <= last; ++descriptor) {
    const long result = system_call(SYS_write, descriptor, as_word("0"), 1);
    if (result < 0) {
      complain("cannot join", "the control group", -result);
      return false;
    }
  }
  return true;
}

void close_from(int first) {
#ifdef SYS_close_range
  if (system_call(SYS_close_range, first, ~0U, 0) == 0) return;
#endif
  for (int descriptor = first; descriptor < 4096; ++descriptor) system_call(SYS_close, descriptor);
}

int enter(const char* namespaces, int last_descriptor) {
  system_call(SYS_prctl, PR_SET_DUMPABLE, 0);
  close_from(last_descriptor < kFirstGroup ? kReport : last_descriptor + 1);
  if (!join_namespaces(namespaces)) return 125;
  int report[2];
  if (system_call(SYS_pipe2, as_word(report), O_CLOEXEC) < 0) return 125;
  const long child = system_call(SYS_clone, SIGCHLD);
  if (child == 0) go_inside(report[1], last_descriptor);
  // What the process has as its output ends with the process, not with this one.
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (child > 0) system_call(SYS_close, descriptor);
  }
  if (child < 0) {
    complain("cannot start a process in", "the sandbox", -child);
    return 125;
  }
  system_call(SYS_close, report[1]);
  system_call(SYS_close, kProcess);
  for (int descriptor = kFirstGroup; descriptor <= last_descriptor; ++descriptor) {
    if (descriptor != report[0]) system_call(SYS_close, descriptor);
  }
  Line().text("pid ").number(static_cast<uint64_t>(child)).text("\n").write_to(kControl);
  char byte;
  const bool failed = system_call(SYS_read, report[0], as_word(&byte), 1) == 1;
  Line().text(failed ? "failed\n" : "running\n").write_to(kControl);

  int status = 0;
  rusage usage;
  while (system_call(SYS_wait4, child, as_word(&status), 0, as_word(&usage)) == -4 /* EINTR */) {
  }
  const bool was_signalled = WIFSIGNALED(status);
  const int code = was_signalled ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  Line()
      .text("exit ")
      .number(static_cast<uint64_t>(code))
      .text(" ")
      .number(microseconds(usage.ru_utime) + microseconds(usage.ru_stime))
      .text("\n")
      .write_to(kControl);
  return 0;
}

int set_kernel_settings(const char* namespaces, char** settings) {
  if (!join_namespaces(namespaces)) return 125;
  for (; *settings != nullptr; ++settings) {
    char path[512] = "/proc/sys/";
    size_t size = 10;
    const char* at = *settings;
    while (*at != '\0' && *at != '=' && size < sizeof path - 1) path[size++] = *at++;
    path[size] = '\0';
    const char* const value = *at == '=' ? at + 1 : at;
    const long descriptor = system_call(SYS_openat, AT_FDCWD, as_word(path), O_WRONLY | O_CLOEXEC);
    const long written = descriptor < 0 ? descriptor
                                        : system_call(SYS_write, descriptor, as_word(value),
                                                      static_cast<long>(length_of(value)));
    if (written < 0) {
      complain("cannot set", path, -written);
      return 1;
    }
    system_call(SYS_close, descriptor);
  }
  return 0;
}

}  // namespace launchport::sandbox
