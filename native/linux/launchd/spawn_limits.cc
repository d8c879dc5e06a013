// Resource limits as launchd.plist(5) names them.
#include "spawn_limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

#include "arguments.h"

namespace launchport {
namespace {

// macOS's RLIM_INFINITY; a plist says it for "no limit".
constexpr uint64_t kInfinity = 0x7fff'ffff'ffff'ffff;

struct Resource {
  std::string_view name;
  int number;
};

constexpr Resource kResources[] = {
    {"Core", RLIMIT_CORE},
    {"CPU", RLIMIT_CPU},
    {"Data", RLIMIT_DATA},
    {"FileSize", RLIMIT_FSIZE},
    {"MemoryLock", RLIMIT_MEMLOCK},
    {"NumberOfFiles", RLIMIT_NOFILE},
    {"NumberOfProcesses", RLIMIT_NPROC},
    {"ResidentSetSize", RLIMIT_RSS},
    {"Stack", RLIMIT_STACK},
};

bool read_limit(Napi::Env env, Napi::Object entry, const char* name, std::optional<rlim_t>* limit) {
  const Napi::Value value = entry.Get(name);
  if (value.IsEmpty()) return false;
  if (value.IsUndefined()) return true;
  if (value.IsBigInt()) {
    bool is_lossless = false;
    const uint64_t number = value.As<Napi::BigInt>().Uint64Value(&is_lossless);
    *limit = !is_lossless || number >= kInfinity ? RLIM_INFINITY : number;
    return true;
  }
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0)) {
    throw_type_error(env, "limits must be numbers or bigints, not negative");
    return false;
  }
  *limit = number >= static_cast<double>(kInfinity) ? RLIM_INFINITY : static_cast<rlim_t>(number);
  return true;
}

}  // namespace

bool read_limits(Napi::Env env, Napi::Object options, std::vector<SpawnRequest::Limit>* limits) {
  const Napi::Value value = options.Get("limits");
  if (value.IsEmpty()) return false;
  if (value.IsUndefined()) return true;
  if (!value.IsObject()) {
    throw_type_error(env, "limits must be an object");
    return false;
  }
  const Napi::Object all = value.As<Napi::Object>();
  for (const Resource& resource : kResources) {
    const Napi::Value entry = all.Get(std::string(resource.name));
    if (entry.IsEmpty()) return false;
    if (entry.IsUndefined()) continue;
    SpawnRequest::Limit limit = {resource.number, {}, {}};
    if (!entry.IsObject() || !read_limit(env, entry.As<Napi::Object>(), "soft", &limit.soft) ||
        !read_limit(env, entry.As<Napi::Object>(), "hard", &limit.hard)) {
      if (!env.IsExceptionPending()) throw_type_error(env, "limits must be objects");
      return false;
    }
    limits->push_back(limit);
  }
  return true;
}

bool apply_limit(const SpawnRequest::Limit& limit) {
  const auto resource = static_cast<__rlimit_resource_t>(limit.resource);
  rlimit now;
  if (getrlimit(resource, &now) != 0) return false;
  rlimit wanted = {limit.soft.value_or(now.rlim_cur), limit.hard.value_or(now.rlim_max)};
  wanted.rlim_cur = std::min(wanted.rlim_cur, wanted.rlim_max);
  if (setrlimit(resource, &wanted) == 0) return true;
  if (errno != EPERM) return false;
  wanted.rlim_max = std::min(wanted.rlim_max, now.rlim_max);
  wanted.rlim_cur = std::min(wanted.rlim_cur, wanted.rlim_max);
  return setrlimit(resource, &wanted) == 0;
}

}  // namespace launchport
