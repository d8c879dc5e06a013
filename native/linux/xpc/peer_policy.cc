#include "peer_policy.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace xpc {
namespace {

// A pidfd becomes readable when its process ends.
bool is_alive(const Descriptor& process) {
  pollfd entry{process.get(), POLLIN, 0};
  return poll(&entry, 1, 0) == 0;
}

}  // namespace

void PeerPolicy::set(const xpc_peer_policy_s& policy) {
  is_explicit_ = true;
  allows_any_user_ = policy.allows_any_user;
  users_.assign(policy.users.begin(), policy.users.end());
  groups_.assign(policy.groups.begin(), policy.groups.end());
  executables_.assign(policy.executables.begin(), policy.executables.end());
}

std::optional<xpc_peer_refusal_t> PeerPolicy::refusal(const Credentials& credentials, const Descriptor& process) const {
  if (!admits_user(credentials.uid)) return XPC_PEER_REFUSED_USER;
  if (!groups_.empty() && std::ranges::find(groups_, credentials.gid) == groups_.end()) return XPC_PEER_REFUSED_GROUP;
  if (!executables_.empty() && !admits_executable(credentials.pid, process)) return XPC_PEER_REFUSED_EXECUTABLE;
  return std::nullopt;
}

bool PeerPolicy::admits_user(uid_t uid) const {
  if (allows_any_user_) return true;
  if (!users_.empty()) return std::ranges::find(users_, uid) != users_.end();
  return uid == geteuid() || (uid == 0 && root_ == Root::admitted);
}

bool PeerPolicy::admits_executable(pid_t pid, const Descriptor& process) const {
  // The files are compared, not their names: in a mount namespace of its own a process may give any file any name.
  struct stat theirs{};
  const std::string link = "/proc/" + std::to_string(pid) + "/exe";
  if (pid <= 0 || stat(link.c_str(), &theirs) != 0) return false;
  const bool is_known = std::ranges::any_of(executables_, [&](const std::string& path) {
    struct stat known{};
    return stat(path.c_str(), &known) == 0 && known.st_dev == theirs.st_dev && known.st_ino == theirs.st_ino;
  });
  // While the process lives its pid is nobody else's: so what was read was about it. Without a pidfd that stays open.
  return is_known && (!process || is_alive(process));
}

}  // namespace xpc
