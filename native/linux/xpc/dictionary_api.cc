// The C functions about dictionaries.
#include <xpc/loop.h>
#include <xpc/xpc.h>

#include <cstring>

#include "decoder.h"
#include "dictionary.h"
#include "error.h"
#include "message_connection.h"
#include "misuse.h"
#include "value.h"

using namespace xpc;

namespace {

Dictionary& dictionary_from(xpc_object_t object) {
  if (object == nullptr || Object::from(object)->type() != XPC_TYPE_DICTIONARY) misuse("not a dictionary");
  return static_cast<Dictionary&>(*Object::from(object));
}

const Error* error_from(xpc_object_t object) {
  if (object == nullptr || Object::from(object)->type() != XPC_TYPE_ERROR) return nullptr;
  return static_cast<const Error*>(Object::from(object));
}

bool is_dictionary(const void* bytes, size_t length) {
  return bytes != nullptr && Decoder::is_dictionary({static_cast<const uint8_t*>(bytes), length});
}

}  // namespace

extern "C" {

xpc_object_t xpc_dictionary_create(const char* const* keys, const xpc_object_t* values, size_t count) {
  Ref<Dictionary> dictionary = Ref<Dictionary>::adopt(new Dictionary());
  for (size_t index = 0; index < count; ++index) xpc_dictionary_set_value(dictionary.get(), keys[index], values[index]);
  return dictionary.leak();
}

xpc_object_t xpc_dictionary_create_reply(xpc_object_t original) {
  if (error_from(original) != nullptr) return nullptr;
  return dictionary_from(original).create_reply().leak();
}

void xpc_dictionary_set_value(xpc_object_t xdict, const char* key, xpc_object_t value) {
  Buckets& entries = dictionary_from(xdict).entries_for_change();
  if (value == nullptr) {
    entries.remove(key);
  } else {
    Object::from(value)->share();
    entries.set(key, Ref<Object>(Object::from(value)));
  }
}

xpc_object_t xpc_dictionary_get_value(xpc_object_t xdict, const char* key) {
  if (const Error* error = error_from(xdict)) {
    return std::strcmp(key, XPC_ERROR_KEY_DESCRIPTION) == 0 ? error->description_object() : nullptr;
  }
  return dictionary_from(xdict).entries().find(key);
}

size_t xpc_dictionary_get_count(xpc_object_t xdict) {
  return error_from(xdict) != nullptr ? 1 : dictionary_from(xdict).entries().count();
}

bool xpc_dictionary_apply(xpc_object_t xdict, xpc_dictionary_applier_t applier) {
  if (const Error* error = error_from(xdict)) return applier(XPC_ERROR_KEY_DESCRIPTION, error->description_object());
  return dictionary_from(xdict).apply(applier);
}

const char* xpc_dictionary_get_string(xpc_object_t xdict, const char* key) {
  return xpc_string_get_string_ptr(xpc_dictionary_get_value(xdict, key));
}

xpc_connection_t xpc_dictionary_get_remote_connection(xpc_object_t xdict) {
  MessageConnection* origin = dictionary_from(xdict).origin();
  return origin != nullptr ? origin->connection_handle() : nullptr;
}

xpc_object_t xpc_dictionary_create_borrowed(const void* bytes, size_t length) {
  if (!is_dictionary(bytes, length)) return nullptr;
  Ref<Dictionary> dictionary = Ref<Dictionary>::adopt(new Dictionary());
  dictionary->borrow_serialized({static_cast<const uint8_t*>(bytes), length});
  return dictionary.leak();
}

bool xpc_dictionary_set_borrowed(xpc_object_t reply, const void* bytes, size_t length) {
  if (!is_dictionary(bytes, length)) return false;
  dictionary_from(reply).borrow_serialized({static_cast<const uint8_t*>(bytes), length});
  return true;
}

xpc_object_t xpc_dictionary_create_in_block(void* block, size_t length) {
  if (!is_dictionary(block, length)) return nullptr;
  Ref<Dictionary> dictionary = Ref<Dictionary>::adopt(new Dictionary());
  dictionary->set_serialized(Ref<Bytes>(Bytes::of(block)), length);
  return dictionary.leak();
}

bool xpc_dictionary_set_block(xpc_object_t reply, void* block, size_t length) {
  if (!is_dictionary(block, length)) return false;
  dictionary_from(reply).set_serialized(Ref<Bytes>(Bytes::of(block)), length);
  return true;
}

void* xpc_loop_block_allocate(size_t length) { return Bytes::allocate(length).leak()->data(); }

void xpc_loop_block_release(void* block) { Bytes::of(block)->release(); }

const void* xpc_dictionary_get_serialized(xpc_object_t xdict, size_t* length) {
  const std::span<const uint8_t> serialized = dictionary_from(xdict).serialized();
  *length = serialized.size();
  return serialized.empty() ? nullptr : serialized.data();
}

}  // extern "C"
