//go:build !linux

package account

// lowerPriority does nothing where a niceness belongs to the whole process.
func lowerPriority() {}
