// Names of users and groups to numbers. On the main thread only: the calls share static storage.
#include "spawn_identity.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>

namespace launchport {
namespace {

bool unknown(SystemError* error, const char* syscall, const std::string& name) {
  // Zero means that the search worked and found nothing.
  *error = {errno == 0 ? ENOENT : errno, syscall, name};
  return false;
}

}  // namespace

bool find_identity(const SpawnRequest& request, SpawnIdentity* identity, SystemError* error) {
  *identity = {geteuid(), getegid(), {}};
  if (request.user.has_value()) {
    errno = 0;
    const passwd* const entry = getpwnam(request.user->c_str());
    if (entry == nullptr) return unknown(error, "getpwnam", *request.user);
    identity->uid = entry->pw_uid;
    identity->gid = entry->pw_gid;
  }
  if (request.group.has_value()) {
    errno = 0;
    const group* const entry = getgrnam(request.group->c_str());
    if (entry == nullptr) return unknown(error, "getgrnam", *request.group);
    identity->gid = entry->gr_gid;
  }
  identity->groups = {identity->gid};
  if (!request.user.has_value() || !request.init_groups) return true;
  int count = 64;
  identity->groups.resize(static_cast<size_t>(count));
  if (getgrouplist(request.user->c_str(), identity->gid, identity->groups.data(), &count) < 0) {
    // `count` is now how many there are.
    identity->groups.resize(static_cast<size_t>(count));
    getgrouplist(request.user->c_str(), identity->gid, identity->groups.data(), &count);
  }
  identity->groups.resize(static_cast<size_t>(count));
  return true;
}

}  // namespace launchport
