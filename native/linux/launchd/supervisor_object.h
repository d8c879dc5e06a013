// The JavaScript object behind `SupervisorPort` of src/native/binding.ts: checks arguments, then calls the supervisor.
#pragma once

#include <napi.h>

#include <memory>

#include "environment.h"
#include "supervisor.h"

namespace launchport {

Napi::Value open_supervisor(const Napi::CallbackInfo& info);

// All members: JavaScript thread.
class SupervisorObject final : public Napi::ObjectWrap<SupervisorObject> {
 public:
  static void define(Environment& environment, Napi::Env env);

  // Called by `openSupervisor` only, with the sink.
  explicit SupervisorObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value create_listener(const Napi::CallbackInfo& info);
  void move_listener(const Napi::CallbackInfo& info);
  Napi::Value listener_pid(const Napi::CallbackInfo& info);
  void watch(const Napi::CallbackInfo& info);
  void unwatch(const Napi::CallbackInfo& info);
  Napi::Value is_listening(const Napi::CallbackInfo& info);
  Napi::Value lock(const Napi::CallbackInfo& info);
  Napi::Value spawn(const Napi::CallbackInfo& info);
  Napi::Value signal(const Napi::CallbackInfo& info);
  void close_descriptor(const Napi::CallbackInfo& info);
  void set_active(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  // supervisor_recovery.cc
  Napi::Value process_identity(const Napi::CallbackInfo& info);
  Napi::Value adopt(const Napi::CallbackInfo& info);
  Napi::Value connect_keeper(const Napi::CallbackInfo& info);
  Napi::Value call_keeper(const Napi::CallbackInfo& info);
  Napi::Value keeper_program(const Napi::CallbackInfo& info);

  // Throws in JavaScript when closed.
  bool require_open(Napi::Env env) const;

  std::shared_ptr<Supervisor> supervisor_;
};

}  // namespace launchport
