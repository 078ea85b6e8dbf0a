# make help lists the targets.

SHELL := /bin/bash
TOOL  := go tool -modfile=tools/go.mod

.PHONY: help test check bench prove build pictures generate

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
	@go test -count=1 ./internal/sqldb -run TestTheSchemaPageIsWhatTheMigrationsMake
	@script/named-tests

generate: ## write docs/schema.md from the migrations
	go test -count=1 ./internal/sqldb -run TestTheSchemaPageIsWhatTheMigrationsMake -update

bench: ## measure a seeded district over HTTP, then single acts, and print tables
	go run ./test/load
	go test ./internal/account ./internal/family -run '^$$' -bench 'SessionCheck|Hash|SignIn|Grid|Home|Reset'

prove: ## the long proofs: that the time of an answer tells nothing (about ten minutes)
	go test -tags prove -count=1 -timeout 60m -v ./test/prove

build: ## bin/schoolgate, one static file
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/schoolgate ./cmd/schoolgate
	@stat -c 'bin/schoolgate: %s bytes' bin/schoolgate

pictures: ## take the README's pictures anew, in Chromium
	go run ./test/pictures
