// Command schoolgate is the gate between a school and its families: see schoolgate --help.
package main

import (
	"os"

	"github.com/schoolgate/schoolgate/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
