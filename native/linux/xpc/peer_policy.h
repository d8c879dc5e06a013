// Whom a listener accepts, and whom a client takes for its service.
#pragma once

#include <xpc/loop.h>

#include <optional>
#include <string>
#include <vector>

#include "socket.h"

namespace xpc {

// By default the process's own effective user. What is set replaces that; all that is set must hold.
class PeerPolicy {
 public:
  // Whether the default admits root too: clients trust its services, services do not take it for their user.
  enum class Root { refused, admitted };

  explicit PeerPolicy(Root root) : root_(root) {}

  // Replaces the policy; the caller keeps what is passed.
  void set(const xpc_peer_policy_s& policy);
  // Whether one was set.
  bool is_explicit() const { return is_explicit_; }

  // What a process does not meet; nothing when it is admitted. `process` is a pidfd of it, or empty where the kernel
  // has none to give. Reads the file system only when there is a rule about executables.
  std::optional<xpc_peer_refusal_t> refusal(const Credentials& credentials, const Descriptor& process) const;
  bool needs_process() const { return !executables_.empty(); }

 private:
  bool admits_user(uid_t uid) const;
  bool admits_executable(pid_t pid, const Descriptor& process) const;

  // Set before activation; afterwards read on the loop's thread only.
  const Root root_;
  bool is_explicit_ = false;
  bool allows_any_user_ = false;
  std::vector<uid_t> users_;               // empty: the default
  std::vector<gid_t> groups_;              // empty: any
  std::vector<std::string> executables_;   // empty: any
};

}  // namespace xpc
