// Reading arguments from JavaScript. Each function throws a TypeError in JavaScript and returns nothing when the
// value is not what it must be.
#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>

#include "problem.h"

namespace launchport {

// An integer between 0 and 2^32-1.
std::optional<uint32_t> read_u32(const Napi::CallbackInfo& info, size_t index, const char* name);
std::optional<bool> read_bool(const Napi::CallbackInfo& info, size_t index, const char* name);
std::optional<Napi::Object> read_object(const Napi::CallbackInfo& info, size_t index, const char* name);
std::optional<Napi::Function> read_function(Napi::Env env, Napi::Value value, const char* name);
// A non-negative int.
std::optional<int> read_int(Napi::Env env, Napi::Value value, const char* name);
// A string without NUL.
std::optional<std::string> read_string(Napi::Env env, Napi::Value value, const char* name);

// An integer from `low` to `high`.
std::optional<double> read_integer(Napi::Env env, Napi::Value value, double low, double high, const char* name);

void throw_problem(Napi::Env env, const Problem& problem);
void throw_type_error(Napi::Env env, const std::string& message);

}  // namespace launchport
