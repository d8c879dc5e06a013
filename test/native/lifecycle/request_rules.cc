// Requests and replies.
#include <memory>
#include <vector>

#include "rule.h"

using namespace lifecycle;

namespace {

void send(xpc_connection_t connection, int64_t number) {
  const Held sent = message(number);
  xpc_connection_send_message(connection, sent);
}

}  // namespace

RULE(reply_comes_once) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
  xpc_connection_cancel(client);
  UNTIL_NOTED("client invalid");
  bench.settle();
  EXPECT(bench.count("client reply message 1") == 1 && !bench.has("client reply invalid"));
}

RULE(replies_find_their_requests) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  auto questions = std::make_shared<std::vector<Held>>();
  bench.set_action([questions](xpc_connection_t, xpc_object_t question) {
    questions->emplace_back(xpc_retain(question));
  });
  for (int64_t number = 1; number <= 3; ++number) bench.request(client, number, "client" + std::to_string(number));
  UNTIL(questions->size() == 3);
  for (const int index : {2, 0, 1}) answer(bench.peers().front(), (*questions)[index]);
  questions->clear();
  UNTIL(bench.has("client1 reply message 1") && bench.has("client2 reply message 2") &&
        bench.has("client3 reply message 3"));
}

RULE(both_ends_may_request) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_set_event_handler(client, [client](xpc_object_t question) { answer(client, question); });
  bench.request(bench.peers().front(), 1, "peer");
  UNTIL_NOTED("peer reply message 1");
}

RULE(dropped_request_is_interrupted) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  // The message goes when the handler returns.
  bench.set_action(nullptr);
  bench.request(client, 1);
  UNTIL_NOTED("client reply interrupted");
  bench.set_action(answer);
  bench.request(client, 2);
  UNTIL_NOTED("client reply message 2");
  EXPECT(!bench.has("client interrupted"));
}

RULE(retained_request_is_not_dropped) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_object_t kept = nullptr;
  bench.set_action([&](xpc_connection_t, xpc_object_t question) { kept = xpc_retain(question); });
  bench.request(client, 1);
  UNTIL(kept != nullptr);
  bench.settle();
  EXPECT_LOG("peer message 1");
  xpc_release(kept);
  UNTIL_NOTED("client reply interrupted");
}

RULE(unsent_reply_is_dropped) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_object_t reply = nullptr;
  bench.set_action([&](xpc_connection_t, xpc_object_t question) { reply = xpc_dictionary_create_reply(question); });
  bench.request(client, 1);
  UNTIL(reply != nullptr);
  bench.settle();
  EXPECT_LOG("peer message 1");
  xpc_release(reply);
  UNTIL_NOTED("client reply interrupted");
}

RULE(no_reply_to_what_asks_for_none) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.set_action([&](xpc_connection_t, xpc_object_t received) {
    if (xpc_dictionary_create_reply(received) == nullptr) bench.note("none");
  });
  send(client, 1);
  UNTIL_NOTED("none");
  const Held made_here = message(1);
  EXPECT(xpc_dictionary_create_reply(made_here) == nullptr);
}

RULE(second_reply_is_null) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.set_action([&](xpc_connection_t peer, xpc_object_t question) {
    const Held first(xpc_dictionary_create_reply(question));
    if (first != nullptr && xpc_dictionary_create_reply(question) == nullptr) bench.note("second is null");
    xpc_connection_send_message(peer, first);
    if (xpc_dictionary_create_reply(question) == nullptr) bench.note("and after sending");
  });
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 0");
  EXPECT(bench.has("second is null") && bench.has("and after sending"));
}

RULE(reply_asks_for_no_reply) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const Held question = message(1);
  xpc_connection_send_message_with_reply(client, question, nullptr, [&](xpc_object_t reply) {
    bench.note(xpc_dictionary_create_reply(reply) == nullptr ? "null" : "a reply to a reply");
  });
  UNTIL_NOTED("null");
}

RULE(copy_of_a_request_has_no_reply) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.set_action([&](xpc_connection_t peer, xpc_object_t question) {
    const Held copy(xpc_copy(question));
    if (xpc_equal(copy, question) && xpc_dictionary_create_reply(copy) == nullptr &&
        xpc_dictionary_get_remote_connection(copy) == nullptr) {
      bench.note("plain copy");
    }
    answer(peer, question);
  });
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
  EXPECT(bench.has("plain copy"));
}

RULE(remote_connection_is_the_one_it_came_by) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.set_action([&](xpc_connection_t peer, xpc_object_t question) {
    const Held reply(xpc_dictionary_create_reply(question));
    if (xpc_dictionary_get_remote_connection(question) == peer) bench.note("question");
    if (xpc_dictionary_get_remote_connection(reply) == peer) bench.note("reply");
  });
  bench.request(client, 1);
  UNTIL(bench.has("question") && bench.has("reply"));
  const Held made_here = message(1);
  EXPECT(xpc_dictionary_get_remote_connection(made_here) == nullptr);
}

RULE(reply_on_another_connection_aborts) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.set_action([&](xpc_connection_t, xpc_object_t question) {
    const Held reply(xpc_dictionary_create_reply(question));
    xpc_connection_send_message(client, reply);
  });
  bench.request(client, 1);
  bench.settle();
}

RULE(late_reply_to_a_client_that_went) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_object_t kept = nullptr;
  bench.set_action([&](xpc_connection_t, xpc_object_t question) { kept = xpc_retain(question); });
  bench.request(client, 1);
  UNTIL(kept != nullptr);
  xpc_connection_cancel(client);
  UNTIL_NOTED("peer invalid");
  answer(bench.peers().front(), kept);
  xpc_release(kept);
  bench.settle();
  EXPECT(bench.count("client reply invalid") == 1 && !bench.has("client reply message 1"));
}

RULE(no_late_reply_after_a_reconnection) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_object_t kept = nullptr;
  bench.set_action([&](xpc_connection_t peer, xpc_object_t question) {
    if (kept == nullptr) {
      kept = xpc_retain(question);
      xpc_connection_cancel(peer);
    } else {
      answer(peer, question);
    }
  });
  bench.request(client, 1);
  UNTIL_NOTED("client reply interrupted");
  bench.request(client, 2);
  UNTIL_NOTED("client reply message 2");
  answer(bench.peers().front(), kept);
  xpc_release(kept);
  bench.settle();
  EXPECT(!bench.has("client reply message 1"));
}

RULE(message_that_is_no_dictionary_aborts) {
  bench.service();
  const Held number(xpc_int64_create(1));
  xpc_connection_send_message(bench.connected_client(), number);
}

RULE(request_that_is_no_dictionary_aborts) {
  bench.service();
  const Held list(xpc_array_create(nullptr, 0));
  xpc_connection_send_message_with_reply(bench.connected_client(), list, nullptr, [](xpc_object_t) {});
}

RULE(null_message_aborts) {
  bench.service();
  xpc_connection_send_message(bench.connected_client(), nullptr);
}

RULE(request_without_handler_aborts) {
  bench.service();
  const Held question = message(1);
  xpc_connection_send_message_with_reply(bench.connected_client(), question, nullptr, nullptr);
}

RULE(message_to_a_listener_aborts) { send(bench.service(), 1); }

RULE(connection_in_a_message_aborts) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const Held sent = message(1);
  xpc_dictionary_set_value(sent, "connection", client);
  xpc_connection_send_message(client, sent);
}

RULE(message_is_copied_when_sent) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const Held sent = message(1);
  xpc_connection_send_message(client, sent);
  const Held two(xpc_int64_create(2));
  xpc_dictionary_set_value(sent, "n", two);
  xpc_connection_send_message(client, sent);
  xpc_dictionary_set_value(sent, "n", nullptr);
  UNTIL_NOTED("peer message 2");
  EXPECT_LOG("peer message 1", "peer message 2");
}

RULE(messages_arrive_in_order) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  constexpr int64_t kCount = 300;
  for (int64_t number = 1; number <= kCount; ++number) {
    if (number % 7 == 0) {
      bench.request(client, number);
    } else {
      send(client, number);
    }
  }
  UNTIL_NOTED("peer message 300");
  int64_t next = 1;
  for (const std::string& entry : bench.log()) {
    if (entry.starts_with("peer message ")) EXPECT(entry == "peer message " + std::to_string(next++));
  }
  EXPECT(next == kCount + 1);
}
