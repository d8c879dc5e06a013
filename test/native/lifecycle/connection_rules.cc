// How a connection begins and flows: inactive at first, names resolved on activation, suspension.
#include <memory>

#include "rule.h"

using namespace lifecycle;

namespace {

xpc_connection_t mach_client(Bench& bench, const char* path) {
  const xpc_connection_t client = bench.own(xpc_connection_create_mach_service("com.example.other", bench.queue(), 0));
  xpc_connection_set_socket_path(client, path);
  bench.note_events(client, "other");
  return client;
}

void send(xpc_connection_t connection, int64_t number) {
  const Held sent = message(number);
  xpc_connection_send_message(connection, sent);
}

}  // namespace

RULE(creation_finds_no_fault) {
  const xpc_connection_t client = mach_client(bench, "/nowhere/at/all");
  EXPECT(client != nullptr);
  bench.settle();
  EXPECT(bench.log().empty());
  xpc_connection_activate(client);
  EXPECT(bench.log().empty());
  bench.settle();
  EXPECT_LOG("other invalid");
}

RULE(name_is_resolved_on_activation) {
  const xpc_connection_t client = bench.client();
  bench.settle();
  bench.service();
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
}

RULE(name_of_each_kind) {
  const xpc_connection_t listener = bench.service();
  const xpc_connection_t client = bench.connected_client();
  EXPECT(std::string(xpc_connection_get_name(client)) == "com.example.lifecycle");
  EXPECT(std::string(xpc_connection_get_name(listener)) == "com.example.lifecycle");
  EXPECT(xpc_connection_get_name(bench.peers().front()) == nullptr);
  EXPECT(xpc_get_type(client) == XPC_TYPE_CONNECTION);
}

RULE(starts_inactive) {
  bench.service();
  const xpc_connection_t client = bench.client();
  bench.settle();
  EXPECT(bench.log().empty());
  xpc_connection_activate(client);
  UNTIL_NOTED("listener peer");
}

RULE(listener_starts_inactive) {
  const xpc_connection_t listener = bench.listener();
  const xpc_connection_t client = bench.client();
  xpc_connection_activate(client);
  bench.settle();
  EXPECT(bench.log().empty());
  bench.serve(listener);
  UNTIL_NOTED("listener peer");
}

RULE(second_activation_does_nothing) {
  const xpc_connection_t listener = bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_activate(client);
  xpc_connection_activate(listener);
  xpc_connection_activate(bench.peers().front());
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
  EXPECT_LOG("peer message 1", "client reply message 1");
}

RULE(resume_activates_the_inactive) {
  bench.service();
  const xpc_connection_t client = bench.client();
  xpc_connection_resume(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
}

RULE(messages_wait_for_activation) {
  bench.service();
  const xpc_connection_t client = bench.client();
  send(client, 1);
  send(client, 2);
  bench.request(client, 3);
  bench.settle();
  EXPECT(bench.log().empty());
  xpc_connection_activate(client);
  UNTIL_NOTED("client reply message 3");
  EXPECT_LOG("listener peer", "peer message 1", "peer message 2", "peer message 3", "client reply message 3");
}

RULE(handler_may_come_late) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.note_events(client, "late");
  send(bench.peers().front(), 1);
  UNTIL_NOTED("late message 1");
  EXPECT_LOG("late message 1");
}

RULE(events_without_handler_are_lost) {
  bench.service();
  const xpc_connection_t client =
      bench.own(xpc_connection_create_mach_service("com.example.lifecycle", bench.queue(), 0));
  xpc_connection_set_socket_path(client, bench.service_path().c_str());
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
  send(bench.peers().front(), 2);
  bench.request(client, 3);
  UNTIL_NOTED("client reply message 3");
}

RULE(new_handler_does_not_end_the_running_one) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const auto alive = std::make_shared<int>(7);
  xpc_connection_set_event_handler(client, [&bench, client, alive](xpc_object_t event) {
    bench.note_events(client, "new");
    // What the handler holds is still there, though it was replaced.
    bench.note("old " + name_of(event) + " " + std::to_string(*alive));
  });
  send(bench.peers().front(), 1);
  send(bench.peers().front(), 2);
  UNTIL_NOTED("new message 2");
  EXPECT_LOG("old message 1 7", "new message 2");
  EXPECT(alive.use_count() == 1);
}

RULE(release_of_the_inactive_aborts) {
  xpc_release(xpc_connection_create_mach_service("com.example.lifecycle", bench.queue(), 0));
}

RULE(release_of_an_inactive_listener_aborts) {
  xpc_release(xpc_connection_create_mach_service("com.example.lifecycle", bench.queue(),
                                                 XPC_CONNECTION_MACH_SERVICE_LISTENER));
}

RULE(release_of_the_suspended_aborts) {
  const xpc_connection_t client = xpc_connection_create_mach_service("com.example.lifecycle", bench.queue(), 0);
  xpc_connection_suspend(client);
  xpc_release(client);
}

RULE(over_resume_aborts) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_suspend(client);
  xpc_connection_resume(client);
  xpc_connection_resume(client);
}

RULE(suspensions_nest) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_suspend(client);
  xpc_connection_suspend(client);
  bench.request(client, 1);
  xpc_connection_resume(client);
  bench.settle();
  EXPECT(bench.log().empty());
  xpc_connection_resume(client);
  UNTIL_NOTED("client reply message 1");
}

RULE(suspended_gets_no_events) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_suspend(client);
  send(bench.peers().front(), 1);
  send(bench.peers().front(), 2);
  bench.settle();
  EXPECT(bench.log().empty());
  xpc_connection_resume(client);
  UNTIL_NOTED("client message 2");
  EXPECT_LOG("client message 1", "client message 2");
}

RULE(suspended_sends_nothing) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_suspend(client);
  send(client, 1);
  send(client, 2);
  bench.settle();
  EXPECT(bench.log().empty());
  xpc_connection_resume(client);
  UNTIL_NOTED("peer message 2");
  EXPECT_LOG("peer message 1", "peer message 2");
}

RULE(suspended_gets_no_replies) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.set_action([&](xpc_connection_t peer, xpc_object_t question) {
    xpc_connection_suspend(client);
    answer(peer, question);
  });
  bench.request(client, 1);
  UNTIL_NOTED("peer message 1");
  bench.settle();
  EXPECT_LOG("peer message 1");
  xpc_connection_resume(client);
  UNTIL_NOTED("client reply message 1");
}

RULE(suspended_listener_accepts_nobody) {
  const xpc_connection_t listener = bench.service();
  xpc_connection_suspend(listener);
  const xpc_connection_t client = bench.client();
  xpc_connection_activate(client);
  bench.request(client, 1);
  bench.settle();
  EXPECT(bench.log().empty());
  xpc_connection_resume(listener);
  UNTIL_NOTED("client reply message 1");
}

RULE(suspended_within_its_handler_gets_no_further_event) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_set_event_handler(client, [&bench, client](xpc_object_t event) {
    bench.note("client " + name_of(event));
    xpc_connection_suspend(client);
  });
  send(bench.peers().front(), 1);
  send(bench.peers().front(), 2);
  UNTIL_NOTED("client message 1");
  bench.settle();
  EXPECT_LOG("client message 1");
  xpc_connection_resume(client);
  UNTIL_NOTED("client message 2");
}

RULE(suspended_before_activation_flows_after_resume) {
  bench.service();
  const xpc_connection_t client = bench.client();
  xpc_connection_suspend(client);
  xpc_connection_activate(client);
  bench.request(client, 1);
  bench.settle();
  EXPECT(!bench.has("peer message 1"));
  xpc_connection_resume(client);
  UNTIL_NOTED("client reply message 1");
}
