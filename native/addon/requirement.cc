#include "requirement.h"

#include <unistd.h>

#include <algorithm>

namespace launchport {
namespace {

bool is_user_allowed(const PeerRequirement& requirement, Role role, uid_t euid) {
  if (requirement.is_any_user_allowed) return true;
  if (!requirement.users.empty()) return std::ranges::find(requirement.users, euid) != requirement.users.end();
  return euid == geteuid() || (role == Role::client && euid == 0);
}

}  // namespace

std::optional<Refusal> refusal_of(const PeerRequirement& requirement, Role role, uid_t euid, gid_t egid) {
  if (!is_user_allowed(requirement, role, euid)) return Refusal::user;
  const std::vector<gid_t>& groups = requirement.groups;
  if (!groups.empty() && std::ranges::find(groups, egid) == groups.end()) return Refusal::group;
  return std::nullopt;
}

}  // namespace launchport
