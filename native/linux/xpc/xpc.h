// The part of the XPC C API that the addon uses, for Linux. Names, types, ownership and failure rules are those of
// Apple's <xpc/xpc.h> and <xpc/connection.h> in their C form (OS_OBJECT_USE_OBJC=0), so that one source compiles
// against both. What Apple's library answers with an abort ("API misuse") aborts here too.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>

#include <dispatch/dispatch.h>

typedef unsigned char uuid_t[16];
typedef void* xpc_object_t;
typedef const struct _xpc_type_s* xpc_type_t;
typedef struct _xpc_connection_s* xpc_connection_t;
typedef struct _xpc_endpoint_s* xpc_endpoint_t;

// Blocks on macOS. A lambda written in place as the argument converts to both.
typedef std::function<void(xpc_object_t)> xpc_handler_t;
typedef std::function<bool(size_t, xpc_object_t)> xpc_array_applier_t;
typedef std::function<bool(const char*, xpc_object_t)> xpc_dictionary_applier_t;

extern "C" {

// Types are compared by address, as on macOS.
extern const struct _xpc_type_s _xpc_type_connection, _xpc_type_endpoint, _xpc_type_null, _xpc_type_bool,
    _xpc_type_int64, _xpc_type_uint64, _xpc_type_double, _xpc_type_date, _xpc_type_data, _xpc_type_string,
    _xpc_type_uuid, _xpc_type_fd, _xpc_type_shmem, _xpc_type_array, _xpc_type_dictionary, _xpc_type_error,
    _xpc_type_rich_error;
#define XPC_TYPE_CONNECTION (&_xpc_type_connection)
#define XPC_TYPE_ENDPOINT (&_xpc_type_endpoint)
#define XPC_TYPE_NULL (&_xpc_type_null)
#define XPC_TYPE_BOOL (&_xpc_type_bool)
#define XPC_TYPE_INT64 (&_xpc_type_int64)
#define XPC_TYPE_UINT64 (&_xpc_type_uint64)
#define XPC_TYPE_DOUBLE (&_xpc_type_double)
#define XPC_TYPE_DATE (&_xpc_type_date)
#define XPC_TYPE_DATA (&_xpc_type_data)
#define XPC_TYPE_STRING (&_xpc_type_string)
#define XPC_TYPE_UUID (&_xpc_type_uuid)
#define XPC_TYPE_FD (&_xpc_type_fd)
#define XPC_TYPE_SHMEM (&_xpc_type_shmem)
#define XPC_TYPE_ARRAY (&_xpc_type_array)
#define XPC_TYPE_DICTIONARY (&_xpc_type_dictionary)
#define XPC_TYPE_ERROR (&_xpc_type_error)
#define XPC_TYPE_RICH_ERROR (&_xpc_type_rich_error)

extern const struct _xpc_dictionary_s _xpc_error_connection_interrupted, _xpc_error_connection_invalid,
    _xpc_error_termination_imminent, _xpc_error_peer_code_signing_requirement;
extern const char* const _xpc_error_key_description;
#define XPC_GLOBAL_OBJECT(object) ((xpc_object_t)(const_cast<void*>(static_cast<const void*>(&(object)))))
#define XPC_ERROR_CONNECTION_INTERRUPTED XPC_GLOBAL_OBJECT(_xpc_error_connection_interrupted)
#define XPC_ERROR_CONNECTION_INVALID XPC_GLOBAL_OBJECT(_xpc_error_connection_invalid)
#define XPC_ERROR_TERMINATION_IMMINENT XPC_GLOBAL_OBJECT(_xpc_error_termination_imminent)
#define XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT XPC_GLOBAL_OBJECT(_xpc_error_peer_code_signing_requirement)
#define XPC_ERROR_KEY_DESCRIPTION _xpc_error_key_description

#define XPC_CONNECTION_MACH_SERVICE_LISTENER (1ull << 0)
#define XPC_CONNECTION_MACH_SERVICE_PRIVILEGED (1ull << 1)

// Objects. create/copy return a reference the caller owns; get_value and handler arguments are borrowed.
xpc_object_t xpc_retain(xpc_object_t object);
void xpc_release(xpc_object_t object);
xpc_type_t xpc_get_type(xpc_object_t object);
bool xpc_equal(xpc_object_t a, xpc_object_t b);
xpc_object_t xpc_copy(xpc_object_t object);
size_t xpc_hash(xpc_object_t object);
char* xpc_copy_description(xpc_object_t object);

xpc_object_t xpc_null_create(void);
xpc_object_t xpc_bool_create(bool value);
bool xpc_bool_get_value(xpc_object_t xbool);
xpc_object_t xpc_int64_create(int64_t value);
int64_t xpc_int64_get_value(xpc_object_t xint);
xpc_object_t xpc_uint64_create(uint64_t value);
uint64_t xpc_uint64_get_value(xpc_object_t xuint);
xpc_object_t xpc_double_create(double value);
double xpc_double_get_value(xpc_object_t xdouble);
xpc_object_t xpc_date_create(int64_t nanoseconds);
int64_t xpc_date_get_value(xpc_object_t xdate);
xpc_object_t xpc_data_create(const void* bytes, size_t length);
size_t xpc_data_get_length(xpc_object_t xdata);
const void* xpc_data_get_bytes_ptr(xpc_object_t xdata);
xpc_object_t xpc_string_create(const char* string);
size_t xpc_string_get_length(xpc_object_t xstring);
const char* xpc_string_get_string_ptr(xpc_object_t xstring);
xpc_object_t xpc_uuid_create(const uuid_t uuid);
const uint8_t* xpc_uuid_get_bytes(xpc_object_t xuuid);

// Duplicates the descriptor; NULL when it is none. xpc_fd_dup gives a new one, close-on-exec, or -1.
xpc_object_t xpc_fd_create(int fd);
int xpc_fd_dup(xpc_object_t xfd);
// The region must come from mmap(MAP_SHARED); here more narrowly from xpc_loop_region_allocate. xpc_shmem_map gives the
// length, rounded up to pages, of a mapping that munmap undoes; 0 on failure.
xpc_object_t xpc_shmem_create(void* region, size_t length);
size_t xpc_shmem_map(xpc_object_t xshmem, void** region);
// For a listener: an inert token that can be sent. Others abort.
xpc_endpoint_t xpc_endpoint_create(xpc_connection_t connection);
// Received only. The description is the caller's to free.
char* xpc_rich_error_copy_description(xpc_object_t error);
bool xpc_rich_error_can_retry(xpc_object_t error);

xpc_object_t xpc_array_create(const xpc_object_t* objects, size_t count);
void xpc_array_append_value(xpc_object_t xarray, xpc_object_t value);
size_t xpc_array_get_count(xpc_object_t xarray);
xpc_object_t xpc_array_get_value(xpc_object_t xarray, size_t index);
bool xpc_array_apply(xpc_object_t xarray, xpc_array_applier_t applier);

xpc_object_t xpc_dictionary_create(const char* const* keys, const xpc_object_t* values, size_t count);
xpc_object_t xpc_dictionary_create_reply(xpc_object_t original);
void xpc_dictionary_set_value(xpc_object_t xdict, const char* key, xpc_object_t value);
xpc_object_t xpc_dictionary_get_value(xpc_object_t xdict, const char* key);
size_t xpc_dictionary_get_count(xpc_object_t xdict);
bool xpc_dictionary_apply(xpc_object_t xdict, xpc_dictionary_applier_t applier);
const char* xpc_dictionary_get_string(xpc_object_t xdict, const char* key);
xpc_connection_t xpc_dictionary_get_remote_connection(xpc_object_t xdict);

// Connections. Inactive when made; handler first, then activate.
// Without a name: an anonymous listener.
xpc_connection_t xpc_connection_create(const char* name, dispatch_queue_t targetq);
xpc_connection_t xpc_connection_create_from_endpoint(xpc_endpoint_t endpoint);
xpc_connection_t xpc_connection_create_mach_service(const char* name, dispatch_queue_t targetq, uint64_t flags);
void xpc_connection_set_target_queue(xpc_connection_t connection, dispatch_queue_t targetq);
void xpc_connection_set_event_handler(xpc_connection_t connection, xpc_handler_t handler);
void xpc_connection_activate(xpc_connection_t connection);
void xpc_connection_suspend(xpc_connection_t connection);
void xpc_connection_resume(xpc_connection_t connection);
void xpc_connection_cancel(xpc_connection_t connection);
void xpc_connection_send_message(xpc_connection_t connection, xpc_object_t message);
void xpc_connection_send_barrier(xpc_connection_t connection, dispatch_block_t barrier);
void xpc_connection_send_message_with_reply(xpc_connection_t connection, xpc_object_t message,
                                            dispatch_queue_t replyq, xpc_handler_t handler);
const char* xpc_connection_get_name(xpc_connection_t connection);
pid_t xpc_connection_get_pid(xpc_connection_t connection);
uid_t xpc_connection_get_euid(xpc_connection_t connection);
gid_t xpc_connection_get_egid(xpc_connection_t connection);
pid_t xpc_connection_get_asid(xpc_connection_t connection);

// Counted for the whole process: while there is one, it is not to be stopped as idle. One more end than begins aborts.
void xpc_transaction_begin(void);
void xpc_transaction_end(void);

// Apple exports these without declaring them. The length of shared memory as its maker gave it, not rounded.
size_t xpc_shmem_get_length(xpc_object_t xshmem);
// XPC's standalone serialization.
void* xpc_make_serialization(xpc_object_t object, size_t* length);
xpc_object_t xpc_create_from_serialization(const void* bytes, size_t length);

}  // extern "C"
