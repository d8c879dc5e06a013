// What this XPC needs to know that Apple's does not: the libuv loop it lives in, and where services are. What names a
// loop is called on its thread; the rest, like the functions of xpc.h, on any.
// Only the addon's platform seam includes this file.
#pragma once

#include <uv.h>

#include <span>
#include <string>

#include <xpc/xpc.h>

extern "C" {

// A queue whose handlers run on the thread of `loop`, straight from its poll phase: no thread, no hop.
dispatch_queue_t xpc_loop_queue_create(uv_loop_t* loop);
// Called on the loop's thread after each burst of handlers (a readable socket read once, or deferred work run).
void xpc_loop_queue_set_burst_handler(dispatch_queue_t queue, void (*handler)(void* context), void* context);
// Whether the queue's sockets keep the loop alive. A new queue's do not.
void xpc_loop_queue_set_active(dispatch_queue_t queue, bool is_active);
// Sends what the queue's connections have to send, one packet for many small messages. Runs no handler. Without this
// call it happens at the end of the burst, or at the latest before the loop polls again.
void xpc_loop_queue_flush(dispatch_queue_t queue);
// For a queue with a thread of its own: what the calling thread sends to the queue's connections from now on waits for
// xpc_loop_queue_flush on that thread, so that it leaves in few packets. One thread per queue. Whatever is sent later
// by others stays behind it.
void xpc_loop_queue_gather(dispatch_queue_t queue);
// Called once, on the loop's thread, when a closed queue has no libuv handle left, so that the loop may be closed.
void xpc_loop_queue_set_closed_handler(dispatch_queue_t queue, void (*handler)(void* context), void* context);
// Cancels every connection silently (no handler runs from now on; work put on the queue and not yet run is dropped)
// and frees the queue once libuv lets go of its handles. Gives up the reference that xpc_loop_queue_create returned.
void xpc_loop_queue_close(dispatch_queue_t queue);

// Client by name: the socket path of the service. Before activation, once.
void xpc_connection_set_socket_path(xpc_connection_t connection, const char* path);
// Listener by name: the listening socket, which is duplicated. Before activation, once. Without it the listener takes
// the descriptor that LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES give for its name, else it becomes invalid.
void xpc_connection_set_listening_socket(xpc_connection_t connection, int descriptor);
// Whom a listener accepts, or a client talks to. Copied. Before activation. Default: the process's own effective uid,
// and for a client root besides.
struct xpc_peer_policy_s {
  bool allows_any_user = false;
  // Allowed effective uids and gids, absolute paths of executables; empty lists allow what the default says.
  std::span<const uid_t> users;
  std::span<const gid_t> groups;
  std::span<const std::string> executables;
};
// What of the policy a peer did not meet.
enum xpc_peer_refusal_t { XPC_PEER_REFUSED_USER = 1, XPC_PEER_REFUSED_GROUP = 2, XPC_PEER_REFUSED_EXECUTABLE = 3 };
void xpc_connection_set_peer_policy(xpc_connection_t connection, const xpc_peer_policy_s* policy);
// Listener: told about each refused peer, which is closed before a byte of it is read.
typedef void (*xpc_refused_handler_t)(void* context, xpc_peer_refusal_t why, pid_t pid, uid_t uid, gid_t gid);
void xpc_connection_set_refused_handler(xpc_connection_t listener, xpc_refused_handler_t refused, void* context);
// A client whose server does not meet the policy gets XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT for its requests and as
// an event, then becomes invalid.

// Every peer of the queue's listeners gets XPC_ERROR_TERMINATION_IMMINENT.
void xpc_loop_queue_announce_termination(dispatch_queue_t queue);
// Transactions of the process that have begun and not ended.
uint32_t xpc_loop_transaction_count(void);

// Zeroed memory that xpc_shmem_create takes, sealed against shrinking and growing; NULL and errno on failure. Objects
// made of it live on when it is freed.
void* xpc_loop_region_allocate(size_t length);
void xpc_loop_region_free(void* region);

// The longest message body, header included, that is sent or received. Sending a longer one is misuse of the API and
// aborts; a peer that sends one is cut off.
inline constexpr size_t XPC_LOOP_MESSAGE_LIMIT = 64u * 1024 * 1024;
// On the loop's thread: bytes that wait in this process because the other end does not read. Unbounded: whoever sends
// looks.
size_t xpc_connection_get_unsent_bytes(xpc_connection_t connection);

// A dictionary that stays in its serialized form (bare, with its 8-byte header) from the socket to the reader and
// back. It is a normal dictionary to every function; it is parsed when first looked into. NULL when the header is
// not that of a dictionary. The bytes stay the caller's, who keeps them as they are until the dictionary, of which it
// has the only reference, is released. Sending copies them, once.
xpc_object_t xpc_dictionary_create_borrowed(const void* bytes, size_t length);
// Gives a reply made by xpc_dictionary_create_reply its content, in serialized form, in the same way.
bool xpc_dictionary_set_borrowed(xpc_object_t reply, const void* bytes, size_t length);
// The same for bytes that fill a block from its beginning: not copied, but shared. Nobody may change them any more.
xpc_object_t xpc_dictionary_create_in_block(void* block, size_t length);
bool xpc_dictionary_set_block(xpc_object_t reply, void* block, size_t length);
// A block of bytes, in no particular state; aborts when there is no memory. Large ones are used again. Any thread.
void* xpc_loop_block_allocate(size_t length);
void xpc_loop_block_release(void* block);
// The serialized form, valid while the object lives and is not changed; NULL when it has none.
const void* xpc_dictionary_get_serialized(xpc_object_t xdict, size_t* length);

}  // extern "C"
