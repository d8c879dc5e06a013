// The parts of launchport-sandbox; main.cc says what each is called with.
#pragma once

namespace launchport::sandbox {

// Path in every sandbox at which this program is bound, read-only.
inline constexpr char kInsidePath[] = "/dev/.launchport";

// Descriptors, as the caller of the program arranges them.
inline constexpr int kControl = 3;    // a socket to the caller: the process to run comes in, what becomes of it goes out
inline constexpr int kProcess = 4;    // the directory /proc/PID of the sandbox's first process
inline constexpr int kReport = 5;     // run: the end of a pipe on which nothing but failure is written
inline constexpr int kFirstGroup = 6; // enter: cgroup.procs files of the sandbox, to the last descriptor

// Joins the namespaces and control groups of a sandbox, and has `run` do the rest in a child; tells the caller its end.
int enter(const char* namespaces, int last_descriptor);
// Becomes the process that is described on kControl.
int run();
// The first process of a sandbox: takes in orphans until `lifeline` ends.
int hold(int lifeline);
// Joins namespaces, and writes "PATH=VALUE" settings below /proc/sys.
int set_kernel_settings(const char* namespaces, char** settings);

// Joins the namespaces of kProcess that are named, as "user,net": in that order.
bool join_namespaces(const char* names);
// Joins the control groups whose cgroup.procs are open from `first` to `last`.
bool join_groups(int first, int last);
// Closes everything from `first` on.
void close_from(int first);

}  // namespace launchport::sandbox
