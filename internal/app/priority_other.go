//go:build !linux

package app

func lowerPriority() {}
