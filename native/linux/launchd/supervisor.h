// What an embedded launchd needs from Linux: listening sockets, watches on them, and processes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "environment.h"
#include "listening_socket.h"
#include "loop_poll.h"
#include "process_identity.h"
#include "slot_table.h"
#include "spawn.h"

namespace launchport {

// JavaScript thread only. Functions that can fail return nothing and fill `error`.
class Supervisor final : public Resource, public std::enable_shared_from_this<Supervisor> {
 public:
  // Both are called outside any JavaScript.
  struct Sink {
    std::function<void(int descriptor)> demand;
    // Exit code -1: it ended, nobody can tell how.
    std::function<void(uint32_t process, int exit_code, int signal)> exit;
  };

  struct Started {
    uint32_t process;
    pid_t pid;
  };

  Supervisor(std::shared_ptr<Environment> environment, Sink sink)
      : environment_(std::move(environment)), sink_(std::move(sink)) {}

  std::optional<int> create_listener(const std::string& path, int backlog, SystemError* error);
  // -1 when another process has the lock.
  std::optional<int> lock(const std::string& path, SystemError* error);
  // Ends its watch too. Fails for a descriptor that this did not create.
  bool close_descriptor(int descriptor, SystemError* error);

  // One report of a waiting client. Watching twice is watching once.
  bool watch(int descriptor, SystemError* error);
  void unwatch(int descriptor) { watches_.erase(descriptor); }

  std::optional<Started> spawn(const SpawnRequest& request, SystemError* error);
  // Takes over a process that an earlier supervisor started; nothing and no error when it is gone, or is another.
  std::optional<Started> adopt(pid_t pid, const ProcessIdentity& identity, SystemError* error);
  // False when the process is gone.
  std::optional<bool> signal(uint32_t process, int signal, bool is_group, SystemError* error);

  void set_active(bool is_active);
  bool is_closed() const { return is_closed_; }
  // Closes it with this object, unless closed before.
  int keep(UniqueFd descriptor);
  // Ends the watches; processes go on. Descriptors not closed one by one are closed with this object.
  void close() override;

 private:
  struct Process {
    pid_t pid;
    uint64_t start_time = 0;  // adopted processes only, which are not our children
    UniqueFd pidfd;
    std::unique_ptr<LoopPoll> poll;  // after pidfd: ends first
  };

  std::optional<Started> supervise(std::shared_ptr<Process> process, SystemError* error);
  void adopted_ended(uint32_t handle, const std::shared_ptr<Process>& process);
  void demanded(int descriptor);
  void ended(uint32_t handle);

  const std::shared_ptr<Environment> environment_;
  Sink sink_;  // empty once closed
  std::map<int, UniqueFd> descriptors_;
  std::map<int, std::unique_ptr<LoopPoll>> watches_;
  SlotTable<std::shared_ptr<Process>, 16> processes_;
  bool is_active_ = false;
  bool is_closed_ = false;
};

}  // namespace launchport
