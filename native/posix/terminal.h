// Pseudo-terminals and pipes for the processes that a runtime starts: `openTerminal`, `resizeTerminal` and `openPipe` of
// src/native/binding.ts. POSIX alone, so the same on both systems; each call returns at once.
#pragma once

#include <napi.h>

namespace launchport {

// JavaScript thread. Each throws an Error with `code` and `syscall` when the system refuses.
Napi::Value open_terminal(const Napi::CallbackInfo& info);
Napi::Value resize_terminal(const Napi::CallbackInfo& info);
Napi::Value open_pipe(const Napi::CallbackInfo& info);

// Adds the three to the binding.
void define_terminal(Napi::Env env, Napi::Object binding);

}  // namespace launchport
