// Bytes to XPC objects and back, through the public C API only. The form is XPC's serialization: magic, version 5,
// then one dictionary; items are little-endian and padded to 4 bytes. Every length is checked before use. A message
// with rights has the magic of Mach payloads, and a type word alone stands for each right; others are standalone.
#pragma once

#include <xpc/xpc.h>

#include <cstdint>
#include <span>
#include <vector>

#include "handle.h"
#include "message_right.h"
#include "records.h"

namespace launchport {

// Containers within containers that a receiver of Apple's accepts.
inline constexpr unsigned kMaxDepth = 512;
// An array of this many elements is refused, as by Apple's receiver.
inline constexpr uint32_t kMaxArrayCount = 1u << 24;

// The dictionary that `bytes` hold; empty when they are malformed, hold something that cannot be sent, or when
// `rights` are not what their type words stand for, each once and in order.
Object dictionary_from_bytes(Bytes bytes, std::span<const MessageRight> rights = {});

// Puts the entries of the dictionary in `bytes` into `dictionary`. False, with some entries set, when malformed.
bool fill_dictionary(xpc_object_t dictionary, Bytes bytes, std::span<const MessageRight> rights = {});

// Replaces the content of `out` by the serialization of `dictionary`, and that of `rights` by what it holds of them.
// False when it holds objects that have no serialized form, is nested too deeply, or is longer than kMaxBodyBytes.
bool dictionary_to_bytes(xpc_object_t dictionary, std::vector<uint8_t>& out, MessageRights& rights);

}  // namespace launchport
