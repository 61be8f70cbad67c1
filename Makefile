# What developers and the checks call. `make help` lists the targets; each can be run again at no cost.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

build_packages := libssl-dev libsqlite3-dev libargon2-dev libsodium-dev libyaml-dev libcurl4-openssl-dev libhiredis-dev \
  pkg-config
test_packages := python3 python3-venv curl openssl wrk haproxy nginx-light redis-server valgrind
# A browser, for cookie mode.
test_packages += chromium
# The gateways of config/examples. Envoy and Traefik come with Tests/requirements.txt.
test_packages += apache2-bin libapache2-mod-oauth2 caddy postgresql
sources := Package.swift Sources Tests migrations
test := swift test --disable-xctest
SECONDS ?= 600
# The commit of tlsfuzzer whose scripts the long tests run.
tlsfuzzer := 14555fe211456c46deccc4b2d94751dbd894aece
export FUZZ

# The Python of the tests, with the independent implementations of Tests/requirements.txt. For the tests alone: a server
# warns of a variable that names no setting.
test test-long: export SIGNET_PYTHON := $(CURDIR)/.venv/bin/python

.PHONY: help run test counts setup setup-build release bench test-long fuzz format lint docs image

help: ## Lists the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

run: release ## Builds Signet and serves http://127.0.0.1:8080 from ./data
	.build/signet serve

# The release binary comes first: what its requests cost is compared with Tests/CostTests/costs.json, before the other
# tests and not beside them, since a busy machine makes a server do more for the same requests.
test: setup release ## Builds and runs every test (debug)
	SIGNET_COSTS=check $(test) --filter CostTests
	$(test)

counts: setup release ## Writes what requests cost (allocations, instructions) to Tests/CostTests/costs.json
	SIGNET_COSTS=write $(test) --filter CostTests

setup: setup-build .venv/installed ## Installs what building and testing need, if missing

setup-build: ## Installs what building alone needs, if missing
	@command -v swift >/dev/null || { echo "Swift 6.3 is missing: https://www.swift.org/install/linux" >&2; exit 1; }
	@$(call install,$(build_packages))

release: setup-build ## Builds the stripped release binary .build/signet
	swift build -c release --static-swift-stdlib --product signet
	strip -o .build/signet "$$(swift build -c release --static-swift-stdlib --show-bin-path)/signet"

bench: setup release ## Measures the release binary; BENCH="refresh jwks" picks cases
	swift build -c release --static-swift-stdlib --product Benchmarks
	swift build -c release --static-swift-stdlib --product MallocCount
	SIGNET_BINARY="$(CURDIR)/.build/signet" \
	  "$$(swift build -c release --static-swift-stdlib --show-bin-path)/Benchmarks" $(BENCH)

# A race ends its process, since most tests kill their servers, whose exit status then tells nothing.
test-long: setup release ## Runs the tests under ThreadSanitizer and AddressSanitizer, then the long live tests
	TSAN_OPTIONS="halt_on_error=1 suppressions=$(CURDIR)/Tests/thread-sanitizer.txt" \
	  $(test) --sanitize=thread --scratch-path .build-thread
	$(test) --sanitize=address --scratch-path .build-address
	-@$(MAKE) suites
	SIGNET_LONG=1 SIGNET_TLSFUZZER="$$(test -e .venv-tlsfuzzer/installed && echo $(CURDIR)/.venv-tlsfuzzer)" $(test)
	SIGNET_LONG=1 SIGNET_BINARY="$(CURDIR)/.build/signet" $(test) --filter 'Broken|Descriptor'

# libFuzzer comes with Swift's clang, but SwiftPM can't link it, so its library without a main function is named here.
# Optimized, since the time goes into the parsers, yet with testing enabled: the targets look inside modules.
fuzz: setup-build ## Feeds the parsers random bytes; FUZZ="head json" picks targets, SECONDS=600 is for each
	@library="$$(dirname "$$(readlink -f "$$(command -v swift)")")/clang"; \
	library="$$("$$library" -print-resource-dir)/lib/linux/libclang_rt.fuzzer_no_main-$$(uname -m).a"; \
	set -- -c release --scratch-path .build-fuzz --product Fuzz --sanitize=address -Xswiftc -enable-testing \
	  -Xswiftc -DFUZZING -Xswiftc -sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table \
	  -Xlinker "$$library" -Xlinker -lstdc++; \
	swift build "$$@"; \
	fuzz="$$(swift build "$$@" --show-bin-path)/Fuzz"; mkdir -p .build-fuzz/findings; found=0; \
	for name in $${FUZZ:-$$("$$fuzz" --list)}; do \
	  echo "== $$name"; corpus=.build-fuzz/corpus/$$name; mkdir -p "$$corpus"; "$$fuzz" --unpack "$$name" "$$corpus"; \
	  SWIFT_BACKTRACE=enable=no "$$fuzz" "$$name" -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 \
	    -artifact_prefix=".build-fuzz/findings/$$name-" -print_final_stats=1 "$$corpus" || found=1; \
	done; \
	if ((found)); then echo "the inputs that broke something are in .build-fuzz/findings" >&2; exit 1; fi

format: ## Formats the sources
	swift format --in-place --parallel --recursive $(sources)

lint: ## Fails when the sources aren't formatted or break a rule of .swift-format
	swift format lint --strict --parallel --recursive $(sources)

docs: setup-build ## Builds the documentation of SignetVerifier in .build/docs; a warning fails
	swift build --target SignetVerifier
	rm -rf .build/docs .build/symbols && mkdir -p .build/symbols
	swift symbolgraph-extract -module-name SignetVerifier -I "$$(swift build --show-bin-path)/Modules" \
	  -Xcc -fmodule-map-file=Sources/CCurl/module.modulemap -Xcc -fmodule-map-file=Sources/COpenSSL/module.modulemap \
	  -target "$$(uname -m)-unknown-linux-gnu" -minimum-access-level public -output-dir .build/symbols
	docc convert Sources/SignetVerifier/SignetVerifier.docc --additional-symbol-graph-dir .build/symbols \
	  --fallback-display-name SignetVerifier --fallback-bundle-identifier SignetVerifier --warnings-as-errors \
	  --output-path .build/docs

image: ## Builds the container image signet, with docker or buildah
	@if docker info >/dev/null 2>&1; then docker build --tag signet .; \
	elif command -v buildah >/dev/null; then buildah build --format docker --pull=missing --tag signet .; \
	else echo "make image needs docker (running) or buildah" >&2; exit 1; fi

.venv/installed: Tests/requirements.txt
	@$(call install,$(test_packages))
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement Tests/requirements.txt
	@touch $@

# The suites that judge TLS. Where they can't be had the long run goes on, and their tests say that they were skipped.
.PHONY: suites
suites: .venv-tlsfuzzer/installed
	@$(call install,testssl.sh)

.venv-tlsfuzzer/installed: Makefile
	rm -rf .venv-tlsfuzzer
	python3 -m venv .venv-tlsfuzzer
	git init --quiet .venv-tlsfuzzer/tlsfuzzer
	git -C .venv-tlsfuzzer/tlsfuzzer fetch --quiet --depth 1 https://github.com/tlsfuzzer/tlsfuzzer $(tlsfuzzer)
	git -C .venv-tlsfuzzer/tlsfuzzer checkout --quiet FETCH_HEAD
	.venv-tlsfuzzer/bin/pip install --quiet --disable-pip-version-check \
	  --requirement .venv-tlsfuzzer/tlsfuzzer/requirements.txt
	@touch $@

# Installs those Debian packages of the list that are missing; asks for nothing when all are there.
define install
missing=; for package in $(1); do \
  dpkg-query --show --showformat '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing+=" $$package"; \
done; \
if [[ -n $$missing ]]; then \
  command -v apt-get >/dev/null || { echo "install these packages:$$missing" >&2; exit 1; }; \
  if ((EUID == 0)); then as_root=; elif command -v sudo >/dev/null; then as_root=sudo; \
  else echo "as root, run: apt-get install$$missing" >&2; exit 1; fi; \
  $$as_root apt-get update --quiet=2 && \
  $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends$$missing; \
fi
endef
