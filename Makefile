# SPDX-License-Identifier: Apache-2.0
# A thin door to Meson. `make demo` and `make check` need nothing before them: what is missing is installed (through
# sudo when not root), what is not built is built.
BUILD  ?= build
SETUP  ?=
TESTS  ?=

.PHONY: help build demo check soak bench bench-peers names fuzz coverage install deb format clean

help:
	@echo "make demo      build, then place calls of every kind on loopback and show their verdicts"
	@echo "make check     build, then run every test (about five minutes)"
	@echo "make build     leave the program at $(BUILD)/bonafide"
	@echo "make install   program, library, manual and unit under PREFIX (DESTDIR is honoured)"
	@echo "make deb       Debian packages of what is committed, under $(BUILD)/deb"
	@echo "make bench     the figures, measured here"
	@echo "make bench-peers   the same calls to Kamailio with secsipid (TELL=1: every trial)"
	@echo "make names     how well look-alike names are told apart, against three other ways (needs npm)"
	@echo "make soak      the long tests: loads, kills, a bare Debian"
	@echo "make fuzz      every reader against libFuzzer (MERGE=1 keeps what was found in fuzz/corpus)"
	@echo "make coverage  line coverage of src/; fails under 90 %"
	@echo "make format    clang-format over the sources"

build: $(BUILD)/build.ninja
	@ninja -C $(BUILD) bonafide

$(BUILD)/build.ninja:
	@scripts/install build
	meson setup $(BUILD) $(SETUP)

# What only tests need may have come after the build was set up (make demo, then make check): it is looked for again.
$(BUILD)/.tests: scripts/packages
	@if [ -f $(BUILD)/build.ninja ]; then meson configure --clearcache $(BUILD) && meson setup --reconfigure $(BUILD); \
	else $(MAKE) --no-print-directory $(BUILD)/build.ninja; fi >/dev/null
	@touch $@

demo: build
	@$(BUILD)/bonafide demo $(DEMO)

check:
	@scripts/install build tests peers
	@scripts/install desk || echo "the pages of the desk are not looked at: no Chromium or no Node.js here"
	@$(MAKE) --no-print-directory $(BUILD)/.tests
	@ninja -C $(BUILD)
	@meson test -C $(BUILD) --no-rebuild --print-errorlogs $(TESTS); status=$$?; \
	scripts/count $(BUILD)/meson-logs/testlog.json; exit $$status

soak:
	@scripts/install build tests peers ci bare
	@$(MAKE) --no-print-directory $(BUILD)/.tests
	@ninja -C $(BUILD)
	@meson test -C $(BUILD) --no-rebuild --print-errorlogs --setup soak --suite soak --timeout-multiplier 0 $(TESTS); status=$$?; \
	scripts/count $(BUILD)/meson-logs/testlog.json; exit $$status

bench: $(BUILD)/build.ninja
	@ninja -C $(BUILD)
	@$(BUILD)/bonafide bench
	@meson test -C $(BUILD) --no-rebuild --benchmark --verbose

bench-peers:
	@scripts/install build peers
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@ninja -C $(BUILD) bonafide bench/bench_peers
	@$(BUILD)/bench/bench_peers $(BUILD)/bonafide bench/peers $(if $(TELL),--tell)

names:
	@scripts/install build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@ninja -C $(BUILD) bonafide bench/forms
	@bench/names/measure.py --bonafide $(BUILD)/bonafide --forms $(BUILD)/bench/forms --misses 5

fuzz:
	@scripts/install build ci
	@scripts/fuzz $(if $(MERGE),--merge) $(TARGETS)

coverage:
	@scripts/install build tests peers ci
	@scripts/coverage

PREFIX ?= /usr/local
install: $(BUILD)/build.ninja
	@meson configure $(BUILD) -Dprefix=$(PREFIX) >/dev/null
	@ninja -C $(BUILD)
	@meson install -C $(BUILD) --no-rebuild $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

deb:
	@scripts/install build deb
	@scripts/deb $(BUILD)/deb

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf $(BUILD)
