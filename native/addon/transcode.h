// Bytes to XPC objects and back, through the public C API only. The form is XPC's standalone serialization: magic,
// version 5, then one dictionary; items are little-endian and padded to 4 bytes. Every length is checked before use.
#pragma once

#include <xpc/xpc.h>

#include <cstdint>
#include <vector>

#include "handle.h"
#include "records.h"

namespace launchport {

// Containers within containers that a receiver of Apple's accepts.
inline constexpr unsigned kMaxDepth = 512;
// An array of this many elements is refused, as by Apple's receiver.
inline constexpr uint32_t kMaxArrayCount = 1u << 24;

// The dictionary that `bytes` hold; empty when they are malformed or hold something that cannot be sent.
Object dictionary_from_bytes(Bytes bytes);

// Puts the entries of the dictionary in `bytes` into `dictionary`. False, with some entries set, when malformed.
bool fill_dictionary(xpc_object_t dictionary, Bytes bytes);

// Replaces the content of `out` by the serialization of `dictionary`. False when it holds objects that have no
// serialized form, is nested too deeply, or is longer than kMaxBodyBytes.
bool dictionary_to_bytes(xpc_object_t dictionary, std::vector<uint8_t>& out);

}  // namespace launchport
