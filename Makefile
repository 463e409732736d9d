# Thin: every rule is one command that can be typed by hand. On a bare Debian 12, `make train` or `make test` is all that is needed.

SHELL := /bin/bash
PRESET ?= release
BUILD := build/$(PRESET)
PACKAGES := deploy/debian-packages.txt
TEST_PACKAGES := deploy/debian-test-packages.txt
BROWSER_PACKAGES := deploy/debian-browser-packages.txt
PYTHON_PACKAGES := deploy/debian-python-packages.txt
LINT_PACKAGES := deploy/debian-lint-packages.txt
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
STAMP := build/.packages-installed

.PHONY: help deps build install deb train test test-browser test-python test-deploy test-kubernetes torch2 validate fault sanitize fuzz sbom licences bench bench-peers format lint clean

help:
	@echo "make build   install the Debian packages that are missing, configure, compile into $(BUILD)/bin"
	@echo "make install  build, then install the programs, their manual pages and completions, and nmn/task.h below PREFIX (/usr/local)"
	@echo "make deb     build, then write the Debian packages nmn, nmn-actor, nmn-learner and nmn-dev into $(BUILD)/packages"
	@echo "make train   build, train benchmark 1 (less than a minute on two cores), draw its learning curve"
	@echo "make test    build and run every test"
	@echo "make test-browser  build, then open the live page of a run and the page of a report in Chromium, which it installs where it is missing"
	@echo "make test-python  build, then test the Python package with Debian's numpy, pandas and torch, which it installs where they are missing, and with PyPI's gymnasium and TensorBoard"
	@echo "make test-deploy  build, then try what deploy/ and docker/ ship: containers, dashboards, schedulers (as root)"
	@echo "make test-kubernetes  build, then try deploy/kubernetes and a sweep's objects in a control plane of Kubernetes (as root); the first time it builds that"
	@echo "             with Go, which takes minutes, into ~/.cache/nmn"
	@echo "make torch2  build against PyPI's LibTorch 2.x with CUDA in build/torch2 (12 GB), and run the unit and integration tests on its CPU"
	@echo "make validate  check what deploy/, docker/ and proto/ hold with buf, promtool, kube-score, shellcheck, hadolint, Compose and Grafana's types"
	@echo "make fault   build and run the fault matrix with its full counts (docs/reliability.md)"
	@echo "make sanitize  build with ThreadSanitizer, then with AddressSanitizer and UndefinedBehaviorSanitizer, and run the tests with each"
	@echo "make fuzz SECONDS=60  build with clang, AddressSanitizer and UndefinedBehaviorSanitizer, then feed every reader of foreign bytes with libFuzzer,"
	@echo "             two at a time, each for SECONDS; corpora in build/fuzz/corpus grow from run to run"
	@echo "make sbom    build, then write what the programs are made of into $(BUILD)/nmn.cdx.json (CycloneDX), and check it against the schema"
	@echo "make licences  build, then list the libraries that the programs load, with versions and licences"
	@echo "make bench   build and run the benchmarks"
	@echo "make bench-peers  build, then time benchmark 1 beside the same rules in PyTorch and JAX and beside RecurrentPPO, which it installs from PyPI"
	@echo "             below build/; PEERS='--seeds --b2 --rounds=3' times more, or less (docs/benchmarks.md)"
	@echo "make format  clang-format over all sources"
	@echo "make lint    check formatting, scripts and C++ (clang's warnings and thread-safety analysis, clang-tidy) without compiling;"
	@echo "             make lint CHANGED=main: only what differs from that commit"

# Installs what the lists name and this machine lacks.
deps: $(STAMP)
$(STAMP): $(PACKAGES)
build/.test-packages-installed: $(TEST_PACKAGES)
build/.browser-packages-installed: $(BROWSER_PACKAGES)
build/.python-packages-installed: $(PYTHON_PACKAGES)
build/.lint-packages-installed: $(LINT_PACKAGES)
$(STAMP) build/.browser-packages-installed build/.python-packages-installed build/.test-packages-installed build/.lint-packages-installed:
	@missing=$$(for p in $$(sed 's/#.*//' $<); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "installing:" $$missing; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
	@mkdir -p $(@D) && touch $@

$(BUILD)/build.ninja: | deps
	cmake --preset $(PRESET)

build: deps $(BUILD)/build.ninja
	cmake --build --preset $(PRESET) --target nmn nmn-learner nmn-actor

PREFIX ?= /usr/local
install: build
	cmake --build --preset $(PRESET) --target nmn_usage
	cmake --install $(BUILD) --prefix $(PREFIX)

deb: build
	cmake --build --preset $(PRESET) --target nmn_usage
	cpack --config $(BUILD)/CPackConfig.cmake
	@ls $(BUILD)/packages/*.deb

TRAIN_SEED ?= 1
train: build
	$(BUILD)/bin/nmn train --benchmark=b1 --preset=fast --seed=$(TRAIN_SEED)

test: deps $(BUILD)/build.ninja
	cmake --build --preset $(PRESET)
	ctest --preset $(PRESET) -j 2 -LE 'deploy|pypi|kubernetes'

test-browser: deps build/.browser-packages-installed build
	ctest --preset $(PRESET) -L browser --verbose

test-python: deps build/.python-packages-installed build
	ctest --preset $(PRESET) -L python --verbose

# One after the other: several start services of their own.
test-deploy: deps build/.test-packages-installed $(BUILD)/build.ninja
	cmake --preset $(PRESET) -DNMN_TEST_DEPLOY=ON
	cmake --build --preset $(PRESET) --target nmn nmn-learner nmn-actor
	ctest --preset $(PRESET) -L deploy --verbose

# A control plane without a kubelet. Skipped, and said so, without Go, its proxy or Debian's etcd.
test-kubernetes: deps build/.test-packages-installed build
	cmake --preset $(PRESET) -DNMN_TEST_DEPLOY=ON
	ctest --preset $(PRESET) -L kubernetes --verbose

# A tree of its own. TORCH=torch==2.11.0 takes another version. Skipped, and said so, where PyPI cannot be reached.
TORCH ?= torch==2.15.0
torch2: deps build/.python-packages-installed build
	tests/torch2/torch2.py --torch=$(TORCH)

# Compiles nothing of ours. What cannot be had from npm, PyPI or Go's proxy is skipped with a line.
validate: build/.test-packages-installed
	tests/deploy/validators.sh

# Each row prints its figure; all of them are in $(BUILD)/fault-figures.txt at the end.
fault: deps $(BUILD)/build.ninja
	cmake --build --preset $(PRESET)
	rm -f $(BUILD)/fault-figures.txt
	NMN_FAULT_FULL=1 NMN_FAULT_FIGURES=$(CURDIR)/$(BUILD)/fault-figures.txt ctest --preset $(PRESET) -L fault; \
	code=$$?; cat $(BUILD)/fault-figures.txt; exit $$code

# Compiles everything twice more. What is suppressed, and why: tests/sanitize/.
sanitize: deps
	for preset in tsan asan; do \
	  cmake --preset $$preset && cmake --build --preset $$preset && ctest --preset $$preset -j 2 || exit; \
	done

SECONDS ?= 60
fuzz: deps build/.lint-packages-installed
	cmake --preset fuzz
	cmake --build --preset fuzz --target nmn_fuzz
	tests/fuzz/run.py build/fuzz --seconds=$(SECONDS)

sbom: build build/sbom-venv/.installed
	build/sbom-venv/bin/python deploy/sbom.py $(BUILD)/bin --out=$(BUILD)/nmn.cdx.json --validate

licences: build
	deploy/sbom.py $(BUILD)/bin

# The schema of CycloneDX comes with its library. Nothing of it is shipped.
build/sbom-venv/.installed: build/.python-packages-installed
	python3 -m venv build/sbom-venv
	build/sbom-venv/bin/pip install --quiet 'cyclonedx-python-lib[json-validation]==11.12.0'
	@touch $@

bench: deps $(BUILD)/build.ninja
	cmake --build --preset $(PRESET) --target nmn
	$(BUILD)/bin/nmn bench

# First whether the peers play by the same rules, then the times. Skipped, and said so, where PyPI cannot be reached.
bench-peers: deps build/.python-packages-installed $(BUILD)/build.ninja
	cmake --build --preset $(PRESET) --target nmn
	tests/bench/peers/run.py --nmn=$(BUILD)/bin/nmn --check && tests/bench/peers/run.py --nmn=$(BUILD)/bin/nmn $(PEERS); \
	code=$$?; [ $$code = 77 ] || exit $$code

format: build/.lint-packages-installed
	git ls-files '*.cc' '*.h' | xargs clang-format -i

# Preset dev is configured for its flags; of it only what protoc generates is built.
lint: deps build/.lint-packages-installed
	cmake --preset dev >build/dev-configure.log || { cat build/dev-configure.log; exit 1; }
	cmake --build --preset dev --target nmn_generated
	tests/lint/lint.py $(if $(CHANGED),--changed=$(CHANGED))

clean:
	rm -rf build
