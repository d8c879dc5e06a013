// Reading `SpawnOptions` of src/native/binding.ts.
#pragma once

#include <napi.h>

#include <optional>

#include "spawn.h"

namespace launchport {

// Nothing, with a TypeError thrown in JavaScript, when they are not what they must be.
std::optional<SpawnRequest> read_spawn_options(Napi::Env env, Napi::Object options);

}  // namespace launchport
