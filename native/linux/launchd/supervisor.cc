#include "supervisor.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>

namespace launchport {
namespace {

// Since Linux 5.4; some headers lack it.
constexpr auto kPidfd = static_cast<idtype_t>(3);

}  // namespace

int Supervisor::keep(UniqueFd descriptor) {
  const int number = descriptor.get();
  descriptors_[number] = std::move(descriptor);
  return number;
}

std::optional<int> Supervisor::create_listener(const std::string& path, int backlog, SystemError* error) {
  UniqueFd descriptor = create_listening_socket(path, backlog, error);
  if (!descriptor) return std::nullopt;
  return keep(std::move(descriptor));
}

std::optional<int> Supervisor::lock(const std::string& path, SystemError* error) {
  UniqueFd descriptor = lock_file(path, error);
  if (descriptor) return keep(std::move(descriptor));
  if (error->number != 0) return std::nullopt;
  return -1;
}

bool Supervisor::close_descriptor(int descriptor, SystemError* error) {
  watches_.erase(descriptor);
  if (descriptors_.erase(descriptor) > 0) return true;
  *error = {EBADF, "close", {}};
  return false;
}

bool Supervisor::watch(int descriptor, SystemError* error) {
  if (watches_.contains(descriptor)) return true;
  int number = 0;
  std::unique_ptr<LoopPoll> poll = LoopPoll::start(
      environment_, descriptor, [this, descriptor]() { demanded(descriptor); }, &number);
  if (poll == nullptr) {
    *error = {number, "epoll_ctl", {}};
    return false;
  }
  poll->set_active(is_active_);
  watches_[descriptor] = std::move(poll);
  return true;
}

void Supervisor::demanded(int descriptor) {
  const std::shared_ptr<Supervisor> self = shared_from_this();
  // A waiting client keeps the socket readable until someone accepts it: off before the report, or it never ends.
  if (watches_.erase(descriptor) == 0) return;
  const auto demand = sink_.demand;  // the call may close this
  if (demand) demand(descriptor);
}

std::optional<Supervisor::Started> Supervisor::spawn(const SpawnRequest& request, SystemError* error) {
  std::optional<SpawnedProcess> spawned = launchport::spawn(request, error);
  if (!spawned.has_value()) return std::nullopt;
  const auto process = std::make_shared<Process>();
  process->pid = spawned->pid;
  process->pidfd = std::move(spawned->pidfd);
  const std::optional<Started> started = supervise(process, error);
  if (!started.has_value()) {
    syscall(SYS_pidfd_send_signal, process->pidfd.get(), SIGKILL, nullptr, 0);
    siginfo_t info;
    waitid(kPidfd, static_cast<id_t>(process->pidfd.get()), &info, WEXITED);
  }
  return started;
}

std::optional<Supervisor::Started> Supervisor::adopt(pid_t pid, const ProcessIdentity& identity, SystemError* error) {
  *error = {};
  UniqueFd pidfd = open_process(pid, identity);
  if (!pidfd) return std::nullopt;
  const auto process = std::make_shared<Process>();
  process->pid = pid;
  process->start_time = identity.start_time;
  process->pidfd = std::move(pidfd);
  return supervise(process, error);
}

std::optional<Supervisor::Started> Supervisor::supervise(std::shared_ptr<Process> process, SystemError* error) {
  const uint32_t handle = processes_.insert(process);
  int number = handle == 0 ? EAGAIN : 0;
  if (number == 0) {
    process->poll = LoopPoll::start(
        environment_, process->pidfd.get(), [this, handle]() { ended(handle); }, &number);
  }
  if (process->poll == nullptr) {
    processes_.take(handle);
    *error = {number, "epoll_ctl", {}};
    return std::nullopt;
  }
  process->poll->set_active(is_active_);
  return Started{handle, process->pid};
}

void Supervisor::ended(uint32_t handle) {
  const std::shared_ptr<Supervisor> self = shared_from_this();
  const std::shared_ptr<Process>* found = processes_.find(handle);
  if (found == nullptr) return;
  const std::shared_ptr<Process> process = *found;
  if (process->start_time != 0) return adopted_ended(handle, process);
  const auto pidfd = static_cast<id_t>(process->pidfd.get());
  siginfo_t info = {};
  // Looks at this process only: waiting for any would take the children of Node's own child_process.
  const int status = waitid(kPidfd, pidfd, &info, WEXITED | WNOHANG | WNOWAIT);
  if (status != 0 && errno == EINTR) return;
  if (status == 0 && info.si_pid == 0) return;  // not ended yet
  // Someone else reaped it (SIGCHLD ignored, or a wait for any child): it is gone, its status unknown.
  const bool is_known = status == 0;
  if (!is_known) processes_.take(handle);
  const bool is_exit = is_known && info.si_code == CLD_EXITED;
  const int exit_code = is_exit ? info.si_status : is_known ? 0 : -1;
  const auto exit = sink_.exit;  // the call may close this
  if (exit) exit(handle, exit_code, is_known && !is_exit ? info.si_status : 0);
  process->poll.reset();
  if (!is_known) return;
  // Reaped only now, so that the report could signal the rest of the group: no other process has its number yet.
  processes_.take(handle);
  siginfo_t reaped;
  waitid(kPidfd, pidfd, &reaped, WEXITED | WNOHANG);
}

void Supervisor::adopted_ended(uint32_t handle, const std::shared_ptr<Process>& process) {
  bool is_over = false;
  const std::optional<int> status =
      wait_status_of(process->pidfd.get(), process->pid, process->start_time, &is_over);
  if (!is_over) return;
  const bool is_signal = status.has_value() && WIFSIGNALED(*status);
  const int exit_code = is_signal ? 0 : status.has_value() ? WEXITSTATUS(*status) : -1;
  const auto exit = sink_.exit;  // the call may close this
  if (exit) exit(handle, exit_code, is_signal ? WTERMSIG(*status) : 0);
  process->poll.reset();
  processes_.take(handle);
}

std::optional<bool> Supervisor::signal(uint32_t handle, int signal, bool is_group, SystemError* error) {
  const std::shared_ptr<Process>* found = processes_.find(handle);
  if (found == nullptr) return false;
  const Process& process = **found;
  if (is_group && process.start_time != 0) {
    const int number = signal_group(process.pidfd.get(), process.pid, process.start_time, signal);
    if (number == 0) return true;
    if (number == ESRCH) return false;
    *error = {number, "pidfd_send_signal", {}};
    return std::nullopt;
  }
  // Not reaped yet, so its pid, and the group of that number, are still its own.
  const bool is_sent = is_group ? kill(-process.pid, signal) == 0
                                : syscall(SYS_pidfd_send_signal, process.pidfd.get(), signal, nullptr, 0) == 0;
  if (is_sent) return true;
  if (errno == ESRCH) return false;
  *error = {errno, is_group ? "kill" : "pidfd_send_signal", {}};
  return std::nullopt;
}

void Supervisor::set_active(bool is_active) {
  is_active_ = is_active;
  for (const auto& [descriptor, poll] : watches_) poll->set_active(is_active);
  processes_.for_each([is_active](const std::shared_ptr<Process>& process) { process->poll->set_active(is_active); });
}

void Supervisor::close() {
  if (is_closed_) return;
  const std::shared_ptr<Supervisor> self = shared_from_this();
  is_closed_ = true;
  sink_ = {};
  watches_.clear();
  processes_.take_all();
  environment_->remove(self);
}

}  // namespace launchport
