// How a connection ends: cancelled or failed, with one last event, after which nothing of it runs.
#include <algorithm>
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

}  // namespace

RULE(cancel_is_asynchronous) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_cancel(client);
  EXPECT(bench.log().empty());
  UNTIL_NOTED("client invalid");
}

RULE(cancel_is_idempotent) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_cancel(client);
  xpc_connection_cancel(client);
  UNTIL_NOTED("client invalid");
  xpc_connection_cancel(client);
  bench.settle();
  EXPECT(bench.count("client invalid") == 1);
}

RULE(cancel_fails_outstanding_replies_first) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  std::vector<Held> questions;
  bench.set_action([&](xpc_connection_t, xpc_object_t question) { questions.emplace_back(xpc_retain(question)); });
  bench.request(client, 1);
  bench.request(client, 2);
  UNTIL_NOTED("peer message 2");
  bench.clear_log();
  xpc_connection_cancel(client);
  EXPECT(bench.log().empty());
  UNTIL(bench.has("client invalid") && bench.has("peer invalid"));
  questions.clear();
  bench.settle();
  Bench::Log of_client;
  for (const std::string& entry : bench.log()) {
    if (entry.starts_with("client")) of_client.push_back(entry);
  }
  EXPECT(of_client == Bench::Log{"client reply invalid", "client reply invalid", "client invalid"});
}

RULE(nothing_comes_after_the_last_event) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const xpc_connection_t peer = bench.peers().front();
  for (int64_t number = 1; number <= 3; ++number) send(peer, number);
  xpc_connection_cancel(client);
  send(peer, 4);
  UNTIL_NOTED("client invalid");
  bench.settle();
  const Bench::Log& log = bench.log();
  const auto end = std::find(log.begin(), log.end(), "client invalid");
  for (auto entry = end + 1; entry < log.end(); ++entry) EXPECT(!entry->starts_with("client"));
}

RULE(cancelled_connection_delivers_no_message) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  send(bench.peers().front(), 1);
  xpc_connection_cancel(client);
  UNTIL_NOTED("client invalid");
  EXPECT(!bench.has("client message 1"));
}

RULE(cancel_drops_what_was_not_sent) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_suspend(client);
  send(client, 1);
  xpc_connection_cancel(client);
  xpc_connection_resume(client);
  UNTIL_NOTED("client invalid");
  bench.settle();
  EXPECT(!bench.has("peer message 1"));
}

RULE(last_event_waits_for_resume) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_suspend(client);
  xpc_connection_cancel(client);
  bench.settle();
  EXPECT(!bench.has("client invalid"));
  xpc_connection_resume(client);
  UNTIL_NOTED("client invalid");
}

RULE(cancel_within_the_handler) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_set_event_handler(client, [&bench, client](xpc_object_t event) {
    xpc_connection_cancel(client);
    bench.note("client " + name_of(event));
  });
  send(bench.peers().front(), 1);
  send(bench.peers().front(), 2);
  UNTIL_NOTED("client invalid");
  EXPECT(!bench.has("client message 2"));
}

RULE(handler_is_released_after_the_last_event) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const auto alive = std::make_shared<int>(0);
  xpc_connection_set_event_handler(client, [&bench, alive](xpc_object_t event) { bench.note(name_of(event)); });
  xpc_connection_cancel(client);
  EXPECT(alive.use_count() == 2);
  UNTIL_NOTED("invalid");
  bench.settle();
  EXPECT(alive.use_count() == 1);
}

RULE(reply_handler_is_released_once_it_ran) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const auto alive = std::make_shared<int>(0);
  const Held question = message(1);
  xpc_connection_send_message_with_reply(client, question, nullptr,
                                         [&bench, alive](xpc_object_t reply) { bench.note(name_of(reply)); });
  EXPECT(alive.use_count() == 2);
  UNTIL_NOTED("message 1");
  bench.settle();
  EXPECT(alive.use_count() == 1);
}

RULE(cancelled_connection_cannot_be_revived) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_cancel(client);
  UNTIL_NOTED("client invalid");
  bench.settle();
  bench.clear_log();
  xpc_connection_activate(client);
  send(client, 1);
  bench.request(client, 2);
  UNTIL_NOTED("client reply invalid");
  bench.settle();
  EXPECT_LOG("client reply invalid");
}

RULE(cancelled_before_activation_ends_once_activated) {
  bench.service();
  const xpc_connection_t client = bench.client();
  bench.request(client, 1);
  xpc_connection_cancel(client);
  bench.settle();
  EXPECT(!bench.has("client invalid"));
  xpc_connection_activate(client);
  UNTIL_NOTED("client invalid");
  bench.settle();
  // It never connected, and its request failed like any other.
  EXPECT_LOG("client reply invalid", "client invalid");
}

RULE(cancelled_before_activation_may_be_released_after) {
  const xpc_connection_t client = xpc_connection_create_mach_service("com.example.lifecycle", bench.queue(), 0);
  bench.note_events(client, "client");
  xpc_connection_cancel(client);
  xpc_connection_activate(client);
  xpc_release(client);
  UNTIL_NOTED("client invalid");
}

RULE(cancelling_a_listener_cancels_its_peers) {
  const xpc_connection_t listener = bench.service();
  bench.connected_client();
  xpc_connection_cancel(listener);
  UNTIL(bench.has("listener invalid") && bench.has("peer invalid") && bench.has("client interrupted"));
  bench.settle();
  EXPECT(bench.log().size() == 3);
}

RULE(runtime_keeps_an_active_connection) {
  bench.service();
  const xpc_connection_t client = xpc_connection_create_mach_service("com.example.lifecycle", bench.queue(), 0);
  xpc_connection_set_socket_path(client, bench.service_path().c_str());
  const auto alive = std::make_shared<int>(0);
  xpc_connection_set_event_handler(client, [&bench, client, alive](xpc_object_t event) {
    bench.note("client " + name_of(event));
    if (xpc_get_type(event) == XPC_TYPE_DICTIONARY) xpc_connection_cancel(client);
  });
  xpc_connection_activate(client);
  bench.request(client, 1);
  xpc_release(client);
  UNTIL_NOTED("client reply message 1");
  send(bench.peers().front(), 2);
  UNTIL_NOTED("client invalid");
  bench.settle();
  EXPECT(bench.count("client message 2") == 1 && bench.count("client invalid") == 1);
  EXPECT(alive.use_count() == 1);
}

RULE(released_within_its_handler) {
  bench.service();
  const xpc_connection_t client = xpc_connection_create_mach_service("com.example.lifecycle", bench.queue(), 0);
  xpc_connection_set_socket_path(client, bench.service_path().c_str());
  const auto alive = std::make_shared<int>(7);
  xpc_connection_set_event_handler(client, [&bench, client, alive](xpc_object_t event) {
    const bool is_end = xpc_get_type(event) == XPC_TYPE_ERROR;
    if (!is_end) xpc_connection_cancel(client);
    if (is_end) xpc_release(client);
    // The handler that runs, and what it holds, are still there.
    bench.note(name_of(event) + " " + std::to_string(*alive));
  });
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
  send(bench.peers().front(), 2);
  UNTIL_NOTED("invalid 7");
  bench.settle();
  EXPECT(bench.has("message 2 7"));
  EXPECT(alive.use_count() == 1);
}
