// The JavaScript object behind `Port` of src/native/binding.ts: checks arguments, then calls the port.
#pragma once

#include <napi.h>

#include <memory>

#include "environment.h"
#include "loan.h"
#include "port.h"

namespace launchport {

// All members: JavaScript thread.
class PortObject final : public Napi::ObjectWrap<PortObject> {
 public:
  static void define(Environment& environment, Napi::Env env);

  // Called by `open` only, with the deliver function.
  explicit PortObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value connect(const Napi::CallbackInfo& info);
  Napi::Value listen(const Napi::CallbackInfo& info);
  void activate(const Napi::CallbackInfo& info);
  void cancel(const Napi::CallbackInfo& info);
  void suspend(const Napi::CallbackInfo& info);
  void resume(const Napi::CallbackInfo& info);
  void barrier(const Napi::CallbackInfo& info);
  Napi::Value peer(const Napi::CallbackInfo& info);
  void flush(const Napi::CallbackInfo& info);
  Napi::Value allocate(const Napi::CallbackInfo& info);
  void send(const Napi::CallbackInfo& info);
  void drop(const Napi::CallbackInfo& info);
  Napi::Value endpoint(const Napi::CallbackInfo& info);
  Napi::Value create_memory(const Napi::CallbackInfo& info);
  Napi::Value memory(const Napi::CallbackInfo& info);
  void release(const Napi::CallbackInfo& info);
  void close_descriptor(const Napi::CallbackInfo& info);
  void set_busy(const Napi::CallbackInfo& info);
  void announce_termination(const Napi::CallbackInfo& info);
  void set_active(const Napi::CallbackInfo& info);
  Napi::Value statistics(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  // Throws in JavaScript when closed.
  bool require_open(Napi::Env env) const;

  std::shared_ptr<Port> port_;
  Napi::Reference<Napi::ArrayBuffer> outbox_;
  Loan loan_;
};

}  // namespace launchport
