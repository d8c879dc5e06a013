// Queues with a thread of their own, and calls of the API from several threads.
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "rule.h"
#include "threads.h"

using namespace lifecycle;

RULE(handlers_run_on_the_thread_of_the_queue) {
  Pair pair(bench);
  std::atomic<bool> is_elsewhere = false;
  pair.on_message = [&, here = std::this_thread::get_id()](xpc_object_t) {
    is_elsewhere = std::this_thread::get_id() != here;
  };
  send(pair.client(), 1);
  EXPECT(pair.received.wait_for(1));
  EXPECT(is_elsewhere);
}

RULE(replies_come_once_on_a_queue_of_its_own) {
  Pair pair(bench);
  Counter replies;
  std::atomic<int> wrong = 0;
  for (int64_t number = 1; number <= 200; ++number) {
    const Held question = message(number);
    xpc_connection_send_message_with_reply(pair.client(), question, nullptr, [&, number](xpc_object_t reply) {
      if (xpc_get_type(reply) != XPC_TYPE_DICTIONARY || number_of(reply) != number) ++wrong;
      replies.add();
    });
  }
  EXPECT(replies.wait_for(200));
  xpc_connection_cancel(pair.client());
  EXPECT(pair.client_ended.wait_for(1));
  EXPECT(wrong == 0 && replies.count() == 200);
}

RULE(threads_may_send_at_once) {
  constexpr int kThreads = 4;
  constexpr int kMessages = 200;
  Pair pair(bench);
  std::atomic<int> running = 0;
  std::atomic<bool> is_sound = true;
  std::array<int64_t, kThreads> last{};
  pair.on_message = [&](xpc_object_t message) {
    // Never two at once, and each thread's own order is kept.
    if (++running != 1) is_sound = false;
    const int64_t number = number_of(message);
    int64_t& previous = last[static_cast<size_t>(number / 1000)];
    if (number % 1000 != previous + 1) is_sound = false;
    previous = number % 1000;
    --running;
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int64_t number = 1; number <= kMessages; ++number) send(pair.client(), thread * 1000 + number);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT(pair.received.wait_for(kThreads * kMessages));
  EXPECT(is_sound);
}

RULE(threads_may_cancel_at_once) {
  Pair pair(bench);
  send(pair.client(), 1);
  EXPECT(pair.received.wait_for(1));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      send(pair.client(), 2);
      xpc_connection_cancel(pair.client());
      send(pair.client(), 3);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT(pair.client_ended.wait_for(1));
  // A request after the end is answered, by the queue, and nothing else is.
  Counter refused;
  const Held question = message(4);
  xpc_connection_send_message_with_reply(pair.client(), question, nullptr, [&](xpc_object_t reply) {
    if (reply == XPC_ERROR_CONNECTION_INVALID) refused.add();
  });
  EXPECT(refused.wait_for(1));
  EXPECT(pair.client_ended.count() == 1);
}

RULE(queue_outlives_its_last_reference) {
  Queue queue;
  Counter ran;
  // The first holds up the second, which is still to run when the reference goes.
  Counter gate;
  struct Work {
    Counter* gate;
    Counter* ran;
  } work{&gate, &ran};
  dispatch_async_f(queue.get(), &work, [](void* context) { static_cast<Work*>(context)->gate->wait_for(1); });
  dispatch_async_f(queue.get(), &work, [](void* context) { static_cast<Work*>(context)->ran->add(); });
  queue.release();
  EXPECT(!queue.is_finalized() && ran.count() == 0);
  gate.add();
  EXPECT(ran.wait_for(1));
}

RULE(queue_outlives_its_connections) {
  Queue queue;
  bench.open_service();
  const xpc_connection_t client = xpc_connection_create_mach_service("com.example.lifecycle", queue.get(), 0);
  xpc_connection_set_socket_path(client, bench.service_path().c_str());
  Counter ended;
  xpc_connection_set_event_handler(client, [&](xpc_object_t event) {
    if (event == XPC_ERROR_CONNECTION_INVALID) ended.add();
  });
  xpc_connection_activate(client);
  queue.release();
  EXPECT(!queue.is_finalized());
  xpc_connection_cancel(client);
  EXPECT(ended.wait_for(1));
  xpc_release(client);
}

RULE(suspended_queue_starts_nothing) {
  Queue queue;
  dispatch_suspend(queue.get());
  Counter ran;
  dispatch_async_f(queue.get(), &ran, [](void* context) { static_cast<Counter*>(context)->add(); });
  // On a queue that is not suspended the same has happened by the time this has.
  Queue other;
  Counter control;
  dispatch_async_f(other.get(), &control, [](void* context) { static_cast<Counter*>(context)->add(); });
  EXPECT(control.wait_for(1) && ran.count() == 0);
  dispatch_resume(queue.get());
  EXPECT(ran.wait_for(1));
}

RULE(over_resume_of_a_queue_aborts) {
  Queue queue;
  dispatch_resume(queue.get());
}

RULE(release_of_a_suspended_queue_aborts) {
  const dispatch_queue_t queue = dispatch_queue_create("rule", DISPATCH_QUEUE_SERIAL);
  dispatch_suspend(queue);
  dispatch_release(queue);
}

RULE(flush_on_another_thread_aborts) {
  std::thread([&] { xpc_loop_queue_flush(bench.queue()); }).join();
}
