// Queues, threads and transactions.
#include <algorithm>
#include <thread>

#include "rule.h"

using namespace lifecycle;

namespace {

struct Step {
  Bench* bench;
  const char* name;
};

void note_step(void* context) {
  const auto* step = static_cast<const Step*>(context);
  step->bench->note(step->name);
}

}  // namespace

RULE(queue_runs_work_in_order_and_later) {
  Step first{&bench, "first"};
  Step second{&bench, "second"};
  dispatch_async_f(bench.queue(), &first, note_step);
  dispatch_async_f(bench.queue(), &second, note_step);
  EXPECT(bench.log().empty());
  UNTIL_NOTED("second");
  EXPECT_LOG("first", "second");
}

RULE(handlers_run_on_the_loop) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const std::thread::id here = std::this_thread::get_id();
  bool is_here = true;
  bench.set_action([&](xpc_connection_t peer, xpc_object_t question) {
    is_here = is_here && std::this_thread::get_id() == here;
    answer(peer, question);
  });
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
  EXPECT(is_here);
}

RULE(handler_never_runs_within_itself) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  int depth = 0;
  int deepest = 0;
  bench.set_action([&](xpc_connection_t peer, xpc_object_t question) {
    deepest = std::max(deepest, ++depth);
    // Each call makes more happen, to this connection and to others.
    if (number_of(question) < 5) bench.request(client, number_of(question) + 1);
    answer(peer, question);
    --depth;
  });
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 5");
  EXPECT(deepest == 1);
}

RULE(no_handler_runs_within_a_call) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.request(client, 1);
  const Held sent = message(2);
  xpc_connection_send_message(client, sent);
  xpc_connection_suspend(client);
  xpc_connection_resume(client);
  xpc_connection_cancel(bench.peers().front());
  EXPECT(bench.log().empty());
  UNTIL_NOTED("peer invalid");
}

RULE(closed_queue_is_silent) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.request(client, 1);
  // The bench closes the queue now; what was under way is never told.
  EXPECT(bench.log().empty());
}

RULE(transactions_are_counted) {
  const uint32_t before = xpc_loop_transaction_count();
  xpc_transaction_begin();
  xpc_transaction_begin();
  EXPECT(xpc_loop_transaction_count() == before + 2);
  xpc_transaction_end();
  EXPECT(xpc_loop_transaction_count() == before + 1);
  xpc_transaction_end();
  EXPECT(xpc_loop_transaction_count() == before);
}

RULE(transaction_ended_twice_aborts) {
  xpc_transaction_begin();
  xpc_transaction_end();
  xpc_transaction_end();
}
