package app

import "golang.org/x/sys/unix"

// lowerPriority makes this process give way to the server beside it. Where the system refuses, the work is done at the common priority.
func lowerPriority() { _ = unix.Setpriority(unix.PRIO_PROCESS, 0, 10) }
