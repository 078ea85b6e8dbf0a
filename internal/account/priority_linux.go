package account

import "golang.org/x/sys/unix"

// lowerPriority makes the calling thread yield to those that serve pages: on Linux a niceness belongs to a thread. Where the system
// refuses, hashing goes on at the common priority.
func lowerPriority() { _ = unix.Setpriority(unix.PRIO_PROCESS, 0, 10) }
