// The process to run, as it comes from the caller: netstrings ("5:hello,") in the order of the members, then the
// arguments, then the environment. The counterpart is process-description.ts.
#pragma once

#include <stddef.h>

namespace launchport::sandbox {

struct Description {
  const char* flags;           // t: a terminal, g: set the groups, n: a user namespace of its own
  const char* uid;
  const char* gid;
  const char* groups;          // "1,2"
  const char* capabilities;    // a bit each, hexadecimal
  const char* limits;          // "RESOURCE:SOFT:HARD,…", numbers of this system
  const char* directory;
  const char* filter;          // system call filter, an array of sock_filter; may be empty
  size_t filter_size;          // bytes
  const char* executable;
  char** arguments;            // null-terminated, with argv[0]
  char** environment;          // null-terminated

  bool has_flag(char flag) const;
};

// Reads from `descriptor` to its end. False when there is not exactly one description. Memory is never given back:
// the process is about to become another.
bool read_description(int descriptor, Description* result);

}  // namespace launchport::sandbox
