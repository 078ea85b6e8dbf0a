//go:build !unix

package app

// disk does not know how to ask this system for its free space.
func (d *doctor) disk() {}
