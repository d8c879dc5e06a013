#include "process_identity.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace launchport {
namespace {

// linux/pidfd.h of Linux 6.15, by hand: headers are older than kernels.
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroupid;
  uint32_t pid, tgid, ppid;
  uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);
constexpr uint64_t kPidfdInfoExit = 1u << 3;
// Linux 6.9.
constexpr unsigned kPidfdSignalProcessGroup = 1u << 2;

std::optional<std::string> read_small_file(const char* path) {
  const UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  char buffer[2048];
  const ssize_t size = read(file.get(), buffer, sizeof buffer);
  if (size <= 0) return std::nullopt;
  return std::string(buffer, static_cast<size_t>(size));
}

struct Stat {
  char state;
  uint64_t start_time;
  int exit_code;  // a wait status; 0 when we may not know
};

std::optional<Stat> stat_of(pid_t pid) {
  const std::optional<std::string> text = read_small_file(("/proc/" + std::to_string(pid) + "/stat").c_str());
  if (!text.has_value()) return std::nullopt;
  // The name, in parentheses, may contain anything; nothing after it does.
  const size_t name_end = text->rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text->size()) return std::nullopt;
  Stat stat = {(*text)[name_end + 2], 0, 0};
  size_t at = name_end + 2;
  for (int field = 3; field <= 52; ++field) {
    if (field == 22) stat.start_time = std::strtoull(text->c_str() + at, nullptr, 10);
    if (field == 52) stat.exit_code = std::atoi(text->c_str() + at);
    at = text->find(' ', at);
    if (at == std::string::npos) break;
    ++at;
  }
  if (stat.start_time == 0) return std::nullopt;
  return stat;
}

}  // namespace

std::optional<ProcessIdentity> identity_of(pid_t pid) {
  const std::optional<Stat> stat = stat_of(pid);
  std::optional<std::string> boot = read_small_file("/proc/sys/kernel/random/boot_id");
  if (!stat.has_value() || !boot.has_value()) return std::nullopt;
  while (!boot->empty() && boot->back() == '\n') boot->pop_back();
  return ProcessIdentity{stat->start_time, std::move(*boot)};
}

UniqueFd open_process(pid_t pid, const ProcessIdentity& identity) {
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  // Looked at only now: with the pidfd in hand, what /proc says of this number is said of this process, or of a later
  // one, which started later.
  if (!pidfd || identity_of(pid) != identity) return {};
  return pidfd;
}

std::optional<int> wait_status_of(int pidfd, pid_t pid, uint64_t start_time, bool* is_over) {
  pollfd poll_fd = {pidfd, POLLIN, 0};
  *is_over = poll(&poll_fd, 1, 0) > 0;
  if (!*is_over) return std::nullopt;
  // A zombie first: as long as the parent has not taken it, only /proc knows.
  const std::optional<Stat> stat = stat_of(pid);
  if (stat.has_value() && stat->start_time == start_time && (stat->state == 'Z' || stat->state == 'X')) {
    return stat->exit_code;
  }
  PidfdInfo info = {};
  info.mask = kPidfdInfoExit;
  if (ioctl(pidfd, kPidfdGetInfo, &info) == 0 && (info.mask & kPidfdInfoExit) != 0) return info.exit_code;
  return std::nullopt;
}

int signal_group(int pidfd, pid_t pid, uint64_t start_time, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, kPidfdSignalProcessGroup) == 0) return 0;
  if (errno != EINVAL) return errno;
  // An older kernel, or a bad signal, which kill refuses too. The number is the group's own while its leader has it.
  const std::optional<Stat> stat = stat_of(pid);
  if (!stat.has_value() || stat->start_time != start_time) return ESRCH;
  return kill(-pid, signal) == 0 ? 0 : errno;
}

}  // namespace launchport
