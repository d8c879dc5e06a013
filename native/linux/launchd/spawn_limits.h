// Reads the resource limits of the options of spawn().
#pragma once

#include <napi.h>

#include <vector>

#include "spawn.h"

namespace launchport {

// False with a pending TypeError when `limits` is there and wrong. Absent leaves `limits` empty.
bool read_limits(Napi::Env env, Napi::Object options, std::vector<SpawnRequest::Limit>* limits);

// A hard limit that may not be raised so far stays where it is, as does a soft one above it: a job with less is better
// than none. Async-signal-safe.
bool apply_limit(const SpawnRequest::Limit& limit);

}  // namespace launchport
