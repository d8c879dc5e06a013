// A failed system call, as Node reports one.
#pragma once

#include <napi.h>

#include <string>

namespace launchport {

struct SystemError {
  int number = 0;  // errno
  const char* syscall = "";
  std::string path;  // empty when no file is concerned
};

// Throws an Error with `code`, `errno` (negative), `syscall` and `path`.
void throw_system_error(Napi::Env env, const SystemError& error);

}  // namespace launchport
