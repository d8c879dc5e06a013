#include "spawn_options.h"

#include <signal.h>

#include <string>

#include "arguments.h"
#include "spawn_limits.h"

namespace launchport {
namespace {

// A job has a few sockets; this only bounds what a caller can ask for.
constexpr uint32_t kMaxListeners = 1024;

std::optional<std::string> read_absolute_path(Napi::Env env, Napi::Object options, const char* name) {
  std::optional<std::string> path = read_string(env, options.Get(name), name);
  if (path.has_value() && !path->starts_with('/')) {
    throw_type_error(env, std::string(name) + " must be an absolute path");
    return std::nullopt;
  }
  return path;
}

std::optional<Napi::Array> read_array(Napi::Env env, Napi::Object options, const char* name) {
  const Napi::Value value = options.Get(name);
  if (!value.IsEmpty() && value.IsArray()) return value.As<Napi::Array>();
  throw_type_error(env, std::string(name) + " must be an array");
  return std::nullopt;
}

// Absent leaves `text` empty.
bool read_optional_string(Napi::Env env, Napi::Object options, const char* name, std::optional<std::string>* text) {
  const Napi::Value property = options.Get(name);
  if (property.IsEmpty()) return false;
  if (property.IsUndefined()) return true;
  *text = read_string(env, property, name);
  return text->has_value();
}

bool read_strings(Napi::Env env, Napi::Object options, const char* name, std::vector<std::string>* strings) {
  const std::optional<Napi::Array> array = read_array(env, options, name);
  if (!array.has_value()) return false;
  const uint32_t length = array->Length();
  for (uint32_t i = 0; i < length; ++i) {
    std::optional<std::string> text = read_string(env, array->Get(i), name);
    if (!text.has_value()) return false;
    strings->push_back(std::move(*text));
  }
  return true;
}

bool read_stdio(Napi::Env env, Napi::Object options, std::array<int, 3>* stdio) {
  const std::optional<Napi::Array> array = read_array(env, options, "stdio");
  if (!array.has_value()) return false;
  for (uint32_t i = 0; i < 3; ++i) {
    const std::optional<int> descriptor = read_int(env, array->Get(i), "stdio");
    if (!descriptor.has_value()) return false;
    (*stdio)[i] = *descriptor;
  }
  return true;
}

bool read_listeners(Napi::Env env, Napi::Object options, std::vector<SpawnRequest::Listener>* listeners) {
  const std::optional<Napi::Array> array = read_array(env, options, "listeners");
  if (!array.has_value()) return false;
  const uint32_t length = array->Length();
  if (length > kMaxListeners) {
    throw_type_error(env, "listeners are too many");
    return false;
  }
  for (uint32_t i = 0; i < length; ++i) {
    const Napi::Value entry = array->Get(i);
    if (entry.IsEmpty() || !entry.IsObject()) {
      throw_type_error(env, "listeners must be objects");
      return false;
    }
    std::optional<std::string> name = read_string(env, entry.As<Napi::Object>().Get("name"), "listeners.name");
    if (!name.has_value()) return false;
    // LISTEN_FDNAMES separates names by colons.
    if (name->find(':') != std::string::npos) {
      throw_type_error(env, "listeners.name must not contain a colon");
      return false;
    }
    const std::optional<int> descriptor =
        read_int(env, entry.As<Napi::Object>().Get("descriptor"), "listeners.descriptor");
    if (!descriptor.has_value()) return false;
    listeners->push_back({std::move(*name), *descriptor});
  }
  return true;
}

// Absent leaves `value` empty.
bool read_optional_integer(Napi::Env env, Napi::Object options, const char* name, int low, int high,
                           std::optional<int>* value) {
  const Napi::Value property = options.Get(name);
  if (property.IsEmpty()) return false;
  if (property.IsUndefined()) return true;
  const double number = property.IsNumber() ? property.As<Napi::Number>().DoubleValue() : low - 1.0;
  if (!(number >= low && number <= high) || number != static_cast<int>(number)) {
    throw_type_error(env, std::string(name) + " must be an integer in range");
    return false;
  }
  *value = static_cast<int>(number);
  return true;
}

}  // namespace

std::optional<SpawnRequest> read_spawn_options(Napi::Env env, Napi::Object options) {
  SpawnRequest request;
  std::optional<std::string> file = read_absolute_path(env, options, "file");
  if (!file.has_value()) return std::nullopt;
  std::optional<std::string> cwd = read_absolute_path(env, options, "cwd");
  if (!cwd.has_value()) return std::nullopt;
  request.file = std::move(*file);
  request.cwd = std::move(*cwd);
  std::optional<int> umask, parent_death_signal;
  const bool is_read = read_strings(env, options, "args", &request.args) &&
                       read_strings(env, options, "env", &request.env) && read_stdio(env, options, &request.stdio) &&
                       read_listeners(env, options, &request.listeners) &&
                       read_optional_integer(env, options, "umask", 0, 0777, &umask) &&
                       read_optional_integer(env, options, "nice", -20, 20, &request.nice) &&
                       read_optional_integer(env, options, "parentDeathSignal", 0, SIGRTMAX, &parent_death_signal);
  if (!is_read || !read_limits(env, options, &request.limits)) return std::nullopt;
  if (!read_optional_string(env, options, "user", &request.user) ||
      !read_optional_string(env, options, "group", &request.group)) {
    return std::nullopt;
  }
  const Napi::Value init_groups = options.Get("initGroups");
  request.init_groups = !(init_groups.IsBoolean() && !init_groups.As<Napi::Boolean>().Value());
  if (!options.Get("root").IsUndefined()) {
    request.root = read_absolute_path(env, options, "root");
    if (!request.root.has_value()) return std::nullopt;
  }
  if (umask.has_value()) request.umask = static_cast<mode_t>(*umask);
  request.parent_death_signal = parent_death_signal.value_or(0);
  return request;
}

}  // namespace launchport
