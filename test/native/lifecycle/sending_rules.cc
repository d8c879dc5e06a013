// What threads send past a queue that has a thread of its own.
#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "rule.h"
#include "threads.h"

using namespace lifecycle;

namespace {

// Notes, on the service's queue, whether numbers come in their order, without a gap. It begins with 0, see Pair::meet.
class Order {
 public:
  explicit Order(Pair& pair) {
    pair.on_message = [this](xpc_object_t message) {
      if (number_of(message) != next_++) is_kept_ = false;
    };
  }
  bool is_kept() const { return is_kept_; }

 private:
  int64_t next_ = 0;
  std::atomic<bool> is_kept_ = true;
};

void send_large(xpc_connection_t connection, int64_t number) {
  static const std::vector<uint8_t> bytes(60'000, 7);
  const Held sent = message(number);
  const Held data(xpc_data_create(bytes.data(), bytes.size()));
  xpc_dictionary_set_value(sent, "bytes", data);
  xpc_connection_send_message(connection, sent);
}

}  // namespace

RULE(send_does_not_wait_for_the_queue) {
  Pair pair(bench);
  EXPECT(pair.meet());
  Counter gate;
  dispatch_async_f(pair.client_queue().get(), &gate, [](void* context) { static_cast<Counter*>(context)->wait_for(1); });
  send(pair.client(), 1);
  const bool has_come = pair.received.wait_for(2);
  gate.add();
  EXPECT(has_come);
}

RULE(sends_keep_the_order_they_are_made_in) {
  constexpr int kRounds = 200;
  Pair pair(bench);
  const Order order(pair);
  EXPECT(pair.meet());
  // One after the other: this thread, a second one, and the queue.
  int64_t number = 0;
  Counter turn;
  Counter taken;
  std::thread second([&] {
    for (int round = 1; round <= kRounds && turn.wait_for(round); ++round) {
      send(pair.client(), ++number);
      taken.add();
    }
  });
  for (int round = 1; round <= kRounds; ++round) {
    send(pair.client(), ++number);
    turn.add();
    if (!taken.wait_for(round)) break;
    pair.client_queue().run([&] { send(pair.client(), ++number); });
  }
  second.join();
  EXPECT(pair.received.wait_for(3 * kRounds + 1));
  EXPECT(order.is_kept());
}

RULE(send_follows_calls_that_wait_for_the_queue) {
  Pair pair(bench);
  EXPECT(pair.meet());
  xpc_connection_suspend(pair.client());
  send(pair.client(), 1);
  pair.client_queue().run([] {});
  send(pair.client(), 2);
  // Another client, which came later, is heard first.
  const xpc_connection_t other =
      xpc_connection_create_mach_service("com.example.lifecycle", pair.client_queue().get(), 0);
  xpc_connection_set_socket_path(other, bench.service_path().c_str());
  xpc_connection_set_event_handler(other, [](xpc_object_t) {});
  xpc_connection_activate(other);
  Counter answers;
  const Held question = message(1);
  xpc_connection_send_message_with_reply(other, question, nullptr, [&](xpc_object_t) { answers.add(); });
  const bool is_answered = answers.wait_for(1);
  const int received = pair.received.count();
  xpc_connection_cancel(other);
  xpc_release(other);
  xpc_connection_resume(pair.client());
  send(pair.client(), 3);
  EXPECT(is_answered && received == 2);
  EXPECT(pair.received.wait_for(5));
}

RULE(full_socket_keeps_order_and_barrier) {
  constexpr int kMessages = 150;
  Pair pair(bench);
  const Order order(pair);
  EXPECT(pair.meet());
  // Far more than a socket takes while nobody reads it.
  dispatch_suspend(pair.service_queue().get());
  for (int64_t number = 1; number <= kMessages; ++number) send_large(pair.client(), number);
  Counter passed;
  xpc_connection_send_barrier(pair.client(), [&] { passed.add(); });
  pair.client_queue().run([] {});
  const bool has_waited = passed.count() == 0;
  dispatch_resume(pair.service_queue().get());
  const bool has_passed = passed.wait_for(1);
  EXPECT(has_waited && has_passed);
  send(pair.client(), kMessages + 1);
  EXPECT(pair.received.wait_for(kMessages + 2));
  EXPECT(order.is_kept());
}

RULE(barrier_passes_when_all_was_sent_at_once) {
  Pair pair(bench);
  EXPECT(pair.meet());
  for (int64_t number = 1; number <= 20; ++number) {
    send(pair.client(), number);
    Counter passed;
    std::atomic<size_t> unsent = 1;
    xpc_connection_send_barrier(pair.client(), [&] {
      unsent = xpc_connection_get_unsent_bytes(pair.client());
      passed.add();
    });
    const bool has_passed = passed.wait_for(1);
    EXPECT(has_passed && unsent == 0);
  }
}

RULE(request_racing_the_end_is_answered_once) {
  constexpr int kRequests = 200;
  for (int round = 0; round < 5; ++round) {
    Pair pair(bench);
    EXPECT(pair.meet());
    Counter outcomes;
    std::thread asking([&] {
      const Held question = message(1);
      for (int count = 0; count < kRequests; ++count) {
        xpc_connection_send_message_with_reply(pair.client(), question, nullptr, [&](xpc_object_t) { outcomes.add(); });
      }
    });
    pair.received.wait_for(round * 10);
    xpc_connection_cancel(pair.client());
    asking.join();
    const bool are_all_there = outcomes.wait_for(kRequests);
    pair.client_queue().run([] {});
    EXPECT(are_all_there && outcomes.count() == kRequests);
    EXPECT(pair.client_ended.wait_for(1));
  }
}

RULE(gathered_messages_stay_ahead) {
  Pair pair(bench);
  const Order order(pair);
  EXPECT(pair.meet());
  xpc_loop_queue_gather(pair.client_queue().get());
  send(pair.client(), 1);
  send(pair.client(), 2);
  pair.client_queue().run([&] { send(pair.client(), 3); });
  std::thread([&] { send(pair.client(), 4); }).join();
  send(pair.client(), 5);
  xpc_loop_queue_flush(pair.client_queue().get());
  EXPECT(pair.received.wait_for(6));
  // A barrier has them leave, too.
  send(pair.client(), 6);
  Counter passed;
  xpc_connection_send_barrier(pair.client(), [&] { passed.add(); });
  const bool has_passed = passed.wait_for(1);
  EXPECT(has_passed);
  EXPECT(pair.received.wait_for(7));
  EXPECT(order.is_kept());
  xpc_loop_queue_flush(pair.client_queue().get());
}
