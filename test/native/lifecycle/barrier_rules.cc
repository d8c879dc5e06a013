// Barriers: what they wait for, and what not.
#include <memory>
#include <string>
#include <vector>

#include "rule.h"

using namespace lifecycle;

namespace {

void send(xpc_connection_t connection, int64_t number) {
  const Held sent = message(number);
  xpc_connection_send_message(connection, sent);
}

// More than a socket takes at once.
Held long_message() {
  const std::vector<uint8_t> bytes(8u << 20);
  Held dictionary = message(1);
  const Held data(xpc_data_create(bytes.data(), bytes.size()));
  xpc_dictionary_set_value(dictionary, "bytes", data);
  return dictionary;
}

}  // namespace

RULE(barrier_runs_after_what_was_sent_left) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const xpc_connection_t peer = bench.peers().front();
  xpc_connection_suspend(peer);
  const Held sent = long_message();
  for (int count = 0; count < 4; ++count) xpc_connection_send_message(client, sent);
  xpc_connection_send_barrier(client, [&] { bench.note("barrier"); });
  bench.settle();
  EXPECT(bench.log().empty());
  EXPECT(xpc_connection_get_unsent_bytes(client) > 0);
  xpc_connection_resume(peer);
  UNTIL_NOTED("barrier");
  EXPECT(xpc_connection_get_unsent_bytes(client) == 0);
}

RULE(barrier_says_nothing_of_receipt) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_suspend(bench.peers().front());
  send(client, 1);
  xpc_connection_send_barrier(client, [&] { bench.note("barrier"); });
  UNTIL_NOTED("barrier");
  EXPECT_LOG("barrier");
}

RULE(barrier_does_not_run_within_the_call) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_send_barrier(client, [&] { bench.note("barrier"); });
  EXPECT(bench.log().empty());
  UNTIL_NOTED("barrier");
}

RULE(barriers_run_in_order) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  for (const char* name : {"a", "b", "c"}) {
    send(client, 1);
    xpc_connection_send_barrier(client, [&bench, name] { bench.note(name); });
  }
  UNTIL_NOTED("c");
  Bench::Log barriers;
  for (const std::string& entry : bench.log()) {
    if (entry.size() == 1) barriers.push_back(entry);
  }
  EXPECT(barriers == Bench::Log{"a", "b", "c"});
}

RULE(barrier_of_a_cancelled_connection_runs) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_suspend(bench.peers().front());
  const Held sent = long_message();
  xpc_connection_send_message(client, sent);
  xpc_connection_send_barrier(client, [&] { bench.note("before"); });
  xpc_connection_cancel(client);
  xpc_connection_send_barrier(client, [&] { bench.note("after"); });
  UNTIL(bench.has("before") && bench.has("after"));
  UNTIL_NOTED("client invalid");
  xpc_connection_send_barrier(client, [&] { bench.note("late"); });
  UNTIL_NOTED("late");
}

RULE(barrier_frees_what_it_holds) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const auto alive = std::make_shared<int>(0);
  xpc_connection_send_barrier(client, [&bench, alive] { bench.note("barrier"); });
  UNTIL_NOTED("barrier");
  bench.settle();
  EXPECT(alive.use_count() == 1);
}
