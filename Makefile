# Two commands: `make` runs the zoo, `make test` checks everything. Both install what is missing; only cargo is presupposed.

# Behind the rest: where rustup puts cargo, for a shell that has not heard of it yet.
export PATH := $(CURDIR)/.tools/bin:$(PATH):$(HOME)/.cargo/bin
export PORT ?= 8000
FUZZ_SECONDS ?= 60

.PHONY: run build zoo parsers peers test fmt lint unit doc it fuzz test-apps image run-image test-image bench bench-plan clean setup setup-build setup-zoo setup-peers setup-checkers setup-fuzz setup-apps setup-image setup-valgrind
.DEFAULT_GOAL := run

run: build zoo ## build, prepare the three apps, serve them on PORT (default 8000) until Ctrl-C
	@scripts/serve.sh

build: setup-build ## the shipped binary: dist/onedoor
	scripts/build.sh --within-limit

zoo: setup-zoo
	scripts/zoo.sh

parsers: setup-zoo # what the differential tests compare the door with
	scripts/parsers.sh

peers: setup-peers
	@scripts/peers.sh

test: fmt lint unit doc it ## everything that CI runs; the cheap checks first
	@echo "make test: all good"

fmt: setup-build
	cargo fmt --all --check

lint: setup-build setup-checkers
	typos
	cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
	cargo deny --log-level error --locked check bans licenses sources
	scripts/advisories.sh
	cargo shear --locked --deny-warnings
	scripts/hadolint.sh
	@for other in bench/plan fuzz; do cargo metadata --quiet --locked --format-version 1 --manifest-path $$other/Cargo.toml >/dev/null || exit 1; done # their locks follow ours

unit: setup-build
	cargo test --quiet --locked --workspace --lib --bins

doc: setup-build
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --workspace --no-deps --document-private-items

it: build zoo parsers peers ## the promises: the parser's rules, and dist/onedoor with the real apps
	ONEDOOR_BIN="$(CURDIR)/dist/onedoor" cargo test --quiet --locked --workspace --test it

test-apps: build setup-apps ## real frameworks below prefixes, in a real browser; installs them below target
	@scripts/test-apps.sh

image: build setup-image ## the zoo's container image, with podman
	@scripts/images/image.sh

run-image: image ## that image on PORT until Ctrl-C
	@scripts/images/run.sh

test-image: image ## real containers: answers, signals, what a sandbox forbids, platforms, real package managers
	@scripts/images/run.sh --test
	@scripts/test-image-if-changed.sh --digest >tests/image/passed.txt

fuzz: setup-build setup-fuzz ## each fuzz target for FUZZ_SECONDS (60)
	@scripts/fuzz.sh $(FUZZ_SECONDS)

bench: $(if $(ONEDOOR),,build) ## onedoor and its peers under the same load: docs/benchmark.md
	@scripts/setup/bench.sh
	@python3 -B bench/run.py

bench-plan: setup-build setup-valgrind ## does planning a request cost more when there are many routes? counts instructions
	@bench/plan/run.sh

setup: setup-build setup-peers setup-checkers ## install what is missing, and nothing else

setup-build:
	@scripts/setup/cargo.sh fmt clippy
	@scripts/setup/c-compiler.sh

setup-zoo:
	@scripts/setup/python.sh
	@scripts/setup/node.sh
	@scripts/setup/go.sh

setup-peers: setup-zoo
	@scripts/setup/npm.sh

setup-checkers: setup-build
	@scripts/setup/checkers.sh

setup-image: setup-zoo
	@scripts/setup/podman.sh

setup-apps: setup-peers
	@scripts/setup/chromium.sh

setup-fuzz: setup-build
	@scripts/setup/fuzz.sh

setup-valgrind:
	@scripts/setup/valgrind.sh

clean: ## remove what was built and what was installed below the project
	rm -rf target dist .tools examples/zoo/python/.venv examples/zoo/go/go fuzz/target bench/plan/target
