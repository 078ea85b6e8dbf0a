# make help lists the targets.

SHELL := /bin/bash
TOOL  := go tool -modfile=tools/go.mod

.PHONY: help test check bench prove fuzz build pictures generate

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

test: ## run every test, after installing the Debian packages that they need
	@script/test-needs
	go test -timeout 10m ./...

check: ## what every change is held to: format, vet, linters, known vulnerabilities, dependencies, generated files
	@echo "gofmt"
	@files="$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go'))"; \
	if [ -n "$$files" ]; then echo "not formatted: $$files"; exit 1; fi
	go vet ./...
	$(TOOL) golangci-lint run ./...
	$(TOOL) staticcheck ./...
	script/vulnerable
	go mod tidy -diff
	@echo "generated files"
	@go test -count=1 ./internal/sqldb ./internal/access -run 'TestTheSchemaPageIsWhatTheMigrationsMake|TestADM1ThePageOfRolesIsWhatTheTableSays'
	@script/named-tests

generate: ## write docs/schema.md from the migrations and docs/roles.md from the table of rights
	go test -count=1 ./internal/sqldb -run TestTheSchemaPageIsWhatTheMigrationsMake -update
	go test -count=1 ./internal/access -run TestADM1ThePageOfRolesIsWhatTheTableSays -update

bench: ## measure a seeded district over HTTP, then single acts, and print tables
	go run ./test/load
	dir=$$(mktemp -d) && go run ./test/load -students 50000 -contacts 60000 -import sqlite:$$dir/load.db; rm -rf $$dir
	go test ./internal/account ./internal/family -run '^$$' -bench 'SessionCheck|Hash|SignIn|Grid|Home|Reset|RequireBulk|MissingCounts|Letters|Find'
	go test ./internal/audit -run '^$$' -bench 'Audit'

prove: ## the long proofs: timing, kill -9, floods, outages, races of a hundred rounds (about three quarters of an hour, on a quiet machine)
	go test -tags prove -count=1 -timeout 90m -v ./test/prove
	PROVE_ROUNDS=100 go test -count=1 -timeout 60m -v ./internal/app -run "$$(grep -oE '^func Test[A-Za-z0-9]+' internal/app/race_test.go | cut -c6- | paste -sd'|')"
	PROVE_ROUNDS=50 go test -count=1 -timeout 60m -v ./internal/intake -run 'TestWhatever|TestInEveryFormat|TestDamagedFiles|TestChanges|TestOPS1Wherever|TestOPS7WhatStaffChanged'
	@if command -v gcc >/dev/null; then echo "races (the detector needs a C compiler)"; CGO_ENABLED=1 go test -race -count=1 -timeout 60m ./internal/intake ./internal/jobs \
		-run 'RealExport|TwoImports|InEveryFormat|Vendor|Killed|LongWork|Node'; else echo "no C compiler: not looked for races"; fi

FUZZTIME ?= 30s

fuzz: ## feed every fuzz target for FUZZTIME each (default 30s)
	@grep -rlE --include='*_test.go' '^func Fuzz' internal | xargs -n1 dirname | sort -u | while read -r folder; do \
	for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9]+' $$folder/*_test.go | cut -c6-); do \
		echo "$$folder $$target"; \
		go test ./$$folder -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x || exit 1; \
	done; done

build: ## bin/schoolgate, one static file
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/schoolgate ./cmd/schoolgate
	@stat -c 'bin/schoolgate: %s bytes' bin/schoolgate

pictures: ## take the README's pictures anew, in Chromium
	go run ./test/pictures
