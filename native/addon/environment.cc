#include "environment.h"

#include <dlfcn.h>

#include <utility>

namespace launchport {
namespace {

// Node unloads an addon with the last environment that loaded it, but XPC may free a handler's block after that.
void stay_loaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&stay_loaded), &info) == 0 || info.dli_fname == nullptr) return;
  dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace

std::shared_ptr<Environment> Environment::create(Napi::Env env) {
  stay_loaded();
  std::shared_ptr<Environment> environment(new Environment(env));
  env.SetInstanceData(new std::shared_ptr<Environment>(environment));
  napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle hook, void* data) { static_cast<Environment*>(data)->tear_down(hook); },
      environment.get(), nullptr);
  return environment;
}

void Environment::add(std::shared_ptr<Resource> resource) { resources_.insert(std::move(resource)); }

void Environment::remove(const std::shared_ptr<Resource>& resource) { resources_.erase(resource); }

void Environment::close_ends() {
  --closing_;
  finish_if_closed();
}

void Environment::tear_down(napi_async_cleanup_hook_handle hook) {
  const std::shared_ptr<Environment> self = shared_from_this();
  const std::unordered_set<std::shared_ptr<Resource>> resources = std::move(resources_);
  resources_.clear();
  for (const std::shared_ptr<Resource>& resource : resources) resource->close();
  port_class.Reset();
  supervisor_class.Reset();
  hook_ = hook;
  finish_if_closed();
}

void Environment::finish_if_closed() {
  if (closing_ > 0 || hook_ == nullptr) return;
  napi_remove_async_cleanup_hook(std::exchange(hook_, nullptr));
}

}  // namespace launchport
