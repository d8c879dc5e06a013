// What cannot be sent or made, and what is only received.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "rule.h"

using namespace lifecycle;

namespace {

// As a system service would send it: that it may be retried, and "busy".
Held rich_error() {
  const uint32_t words[] = {0x42133742, 5, 0x1c000, 4 + 13, 1, 4, 0, 0x79737562, 0};
  return Held(xpc_create_from_serialization(words, sizeof words));
}

}  // namespace

RULE(data_of_4_gib_aborts) { xpc_data_create("", size_t{1} << 32); }

RULE(cycle_sent_aborts) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const Held sent = message(1);
  xpc_dictionary_set_value(sent, "self", sent);
  xpc_connection_send_message(client, sent);
}

RULE(message_over_the_limit_aborts) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const std::vector<uint8_t> bytes(XPC_LOOP_MESSAGE_LIMIT);
  const Held sent = message(1);
  xpc_dictionary_set_value(sent, "bytes", Held(xpc_data_create(bytes.data(), bytes.size())));
  xpc_connection_send_message(client, sent);
}

RULE(rich_errors_are_received) {
  const Held error = rich_error();
  EXPECT(error != nullptr && xpc_get_type(error) == XPC_TYPE_RICH_ERROR);
  EXPECT(xpc_rich_error_can_retry(error));
  char* const text = xpc_rich_error_copy_description(error);
  const bool is_right = text != nullptr && std::strcmp(text, "busy") == 0;
  std::free(text);
  EXPECT(is_right);
}

RULE(nesting_has_a_limit) {
  const auto nested = [](int depth) {
    xpc_object_t value = xpc_dictionary_create(nullptr, nullptr, 0);
    for (int level = 1; level < depth; ++level) {
      const char* const key = "k";
      xpc_object_t outer = xpc_dictionary_create(&key, &value, 1);
      xpc_release(value);
      value = outer;
    }
    return Held(value);
  };
  size_t length = 0;
  void* const bytes = xpc_make_serialization(nested(512), &length);
  EXPECT(bytes != nullptr);
  const Held back(xpc_create_from_serialization(bytes, length));
  std::free(bytes);
  EXPECT(back != nullptr);
  EXPECT(xpc_make_serialization(nested(513), &length) == nullptr);
}
