# The front door: `make` lists what there is. Everything that is downloaded or built beside the project lies in one cache directory;
# target/ (or CARGO_TARGET_DIR) is the one build directory of all targets.

NEXTEST := 0.9.151
DENY := 0.20.2

export HOSTVIP_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hostvip
TOOLS := $(HOSTVIP_CACHE)/tools
export PATH := $(TOOLS)/cargo-nextest-$(NEXTEST)/bin:$(TOOLS)/cargo-deny-$(DENY)/bin:$(PATH):$(HOME)/.cargo/bin

.PHONY: help test lint build demo bench setup setup-build clean-cache

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: setup ## Set up what is missing, lint, run every test: unit, property and lab
	@$(MAKE) --no-print-directory lint
	@tests/setup/run-tests

lint: setup-build ## Formatting, clippy, licences and sources of the dependencies
	@tests/setup/tool cargo-deny $(DENY)
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo deny --config .deny.toml --locked check --hide-inclusion-graph licenses bans sources
	@tests/setup/advisories

build: setup-build ## Build the release binary
	cargo build --locked --release

demo: setup-build ## Show the main job on three nodes in namespaces, within a minute after the build
	@tests/setup/packages demo
	cargo run --locked --release --quiet -- demo

bench: setup-build ## Measure, and print the table
	@tests/setup/packages lab
	@tests/setup/control-plane build
	cargo bench --locked

setup: setup-build ## Install and build what the tests need, where it is missing
	@tests/setup/packages lab demo tree
	@tests/setup/tool cargo-nextest $(NEXTEST)
	@tests/setup/tool cargo-deny $(DENY)
	@tests/setup/tree build
	@tests/setup/control-plane build

setup-build:
	@tests/setup/packages build

clean-cache: ## Remove the cached tools, the Debian tree and the control plane
	@rm -rf -- $(HOSTVIP_CACHE)/tools $(HOSTVIP_CACHE)/tree-* $(HOSTVIP_CACHE)/control-plane-* $(HOSTVIP_CACHE)/locks
