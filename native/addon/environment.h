// What the addon keeps per Node environment (the main thread, or a worker), and how it lets go of it.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>
#include <unordered_set>

namespace launchport {

// Something that lives in the event loop until it is closed. JavaScript thread.
class Resource {
 public:
  virtual ~Resource() = default;
  // Idempotent. Calls Environment::close_begins, and close_ends when the loop holds nothing of it any more.
  virtual void close() = 0;
};

// All members: JavaScript thread.
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  // Makes the environment's own instance and ties it to the environment's end.
  static std::shared_ptr<Environment> create(Napi::Env env);

  Napi::Env env() const { return env_; }

  // Keeps an open resource alive, whether JavaScript still refers to it or not.
  void add(std::shared_ptr<Resource> resource);
  void remove(const std::shared_ptr<Resource>& resource);
  void close_begins() { ++closing_; }
  void close_ends();

  Napi::FunctionReference port_class;
  Napi::FunctionReference supervisor_class;

 private:
  explicit Environment(Napi::Env env) : env_(env) {}
  void tear_down(napi_async_cleanup_hook_handle hook);
  void finish_if_closed();

  const Napi::Env env_;
  std::unordered_set<std::shared_ptr<Resource>> resources_;
  size_t closing_ = 0;
  napi_async_cleanup_hook_handle hook_ = nullptr;  // set while the environment waits for us to finish
};

}  // namespace launchport
