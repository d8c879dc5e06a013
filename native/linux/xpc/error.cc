#include "error.h"

#include <cstring>

#include "value.h"

namespace xpc {

Object* Error::description_object() const {
  Object* current = description_object_.load(std::memory_order_acquire);
  if (current != nullptr) return current;
  Ref<Object> made = String::make(description_, std::strlen(description_));
  if (description_object_.compare_exchange_strong(current, made.get(), std::memory_order_acq_rel)) return made.leak();
  return current;
}

void Error::describe(std::string& text) const {
  text += " { \"";
  text += description_;
  text += "\" }";
}

}  // namespace xpc

struct _xpc_dictionary_s final : xpc::Error {
  using Error::Error;
};

extern "C" {

constinit const _xpc_dictionary_s _xpc_error_connection_interrupted("Connection interrupted");
constinit const _xpc_dictionary_s _xpc_error_connection_invalid("Connection invalid");
constinit const _xpc_dictionary_s _xpc_error_termination_imminent("Process is about to be asked to terminate");
constinit const _xpc_dictionary_s _xpc_error_peer_code_signing_requirement(
    "Peer does not meet the code signing requirement");

const char* const _xpc_error_key_description = "XPCErrorDescription";

}  // extern "C"
