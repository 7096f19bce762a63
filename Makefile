# SPDX-License-Identifier: BSD-2-Clause
# In front of meson, for GNU and BSD make alike: sudo make demo, sudo make check.
all:
	@tools/setup --check build
	@test -f build/build.ninja || meson setup build
	@ninja -C build
demo:
	@tools/setup build run && $(MAKE) all && tools/demo
check:
	@tools/setup && tools/check
bench:
	@tools/setup build run bench && $(MAKE) all && bench/run
lint:
	@tools/check lint
fuzz:
	@tools/setup build test && tools/fuzz
cross:
	@tools/setup build cross && tools/cross
install: all
	@meson install -C build --no-rebuild
clean:
	rm -rf build build-*
.PHONY: all demo check bench lint fuzz cross install clean
