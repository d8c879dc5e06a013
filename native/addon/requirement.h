// What the other end of a connection must be: `PeerRequirement` of src/native/targets.ts.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "records.h"

namespace launchport {

// What the code signature of a process must be.
struct CodeRequirement {
  enum class Kind : uint8_t { requirement, team, platform, entitlement };

  Kind kind = Kind::requirement;
  // The requirement itself, the signing identifier if one is asked for, or the name of the entitlement.
  std::optional<std::string> text;
  // The value that an entitlement must have, if any.
  std::variant<std::monostate, std::string, bool, int64_t> value;
};

// Lists that are empty ask for nothing, but for `users`.
struct PeerRequirement {
  bool is_any_user_allowed = false;
  std::vector<uid_t> users;  // empty: the default of the role
  std::vector<gid_t> groups;
  std::vector<std::string> executables;
  std::optional<CodeRequirement> code;
};

// Whose peer is judged: a listener's default is the process's own user, and a client also takes a service of root.
enum class Role : uint8_t { client, listener };

// What of the requirement a process with these effective ids does not meet, as far as ids go.
std::optional<Refusal> refusal_of(const PeerRequirement& requirement, Role role, uid_t euid, gid_t egid);

}  // namespace launchport
