# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# make run | make test: nothing else is needed on a fresh Debian machine. `make help` lists the rest.
O := .output
ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
CC := gcc
CLANG := clang
BPFTOOL := $(or $(shell command -v bpftool),/usr/sbin/bpftool)
VERSION := 0.1.0

CFLAGS := -O2 -g
override CFLAGS += -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -DIPCTRACE_VERSION='"$(VERSION)"'
INCLUDES := -Iuser -Ibpf -I$(O)
LIBS := -lbpf -ldw -lelf -lz -ljson-c -lcap -lmicrohttpd -lncursesw -ltinfo -lm
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Wno-unused-parameter \
	      -Wno-missing-declarations -Ivmlinux -Ibpf

BPF_OBJS := $(patsubst bpf/%.bpf.c,$(O)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
SOURCES := $(filter-out user/lab/%,$(wildcard user/*.c user/*/*.c))
OBJS := $(SOURCES:%.c=$(O)/%.o) $(O)/objects.o
LIB_OBJS := $(filter-out $(O)/user/main.o,$(OBJS))
LAB_OBJS := $(patsubst %.c,$(O)/%.o,$(wildcard user/lab/*.c))
# What the experiments of ipctrace share with the scenarios: all but their own main().
STAGE_OBJS := $(filter-out $(O)/user/lab/scenario.o,$(LAB_OBJS))
UNIT_TESTS := $(patsubst %.c,$(O)/%,$(wildcard tests/*/*_test.c))

ifeq ($(V),1)
Q :=
say =
else
Q := @
say = @printf '  %-8s %s\n' "$(1)" "$(2)";
MAKEFLAGS += --no-print-directory
endif

# Where `make install` puts things, below DESTDIR.
PREFIX := /usr/local
BINDIR := $(PREFIX)/bin
MANDIR := $(PREFIX)/share/man
BASHDIR := $(PREFIX)/share/bash-completion/completions
ZSHDIR := $(PREFIX)/share/zsh/site-functions
FISHDIR := $(PREFIX)/share/fish/vendor_completions.d
UNITDIR := $(PREFIX)/lib/systemd/system
DATADIR := $(PREFIX)/share/ipctrace
UNITS := ipctrace.service ipctrace-export.service
DATA := ipctrace.rules.yml ipctrace-dashboard.json

.PHONY: all static arm64 install uninstall package run test test-all bench vm clean help deps unit-tests bench-tools
.DELETE_ON_ERROR:
.SECONDARY:

all: $(O)/ipctrace $(O)/ipc-scenario
	@:

$(O)/ipctrace: $(OBJS) $(O)/libstage.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ $(LIBS)

# Debian has no complete static GnuTLS, and ipctrace speaks no HTTPS: see user/export/no_tls.h.
NO_TLS = $(shell nm -u $$($(CC) -print-file-name=libmicrohttpd.a) 2>/dev/null | \
	   sed -n 's/^ *U \(gnutls_.*\)/-Wl,--defsym=\1=ipctrace_no_tls/p' | sort -u)

# One file that runs wherever the kernel does. The linker warns of getpwnam(), which reads /etc/passwd all the same.
static: $(O)/ipctrace-static
	@:

$(O)/ipctrace-static: $(OBJS) $(O)/libstage.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -static -Wl,--no-warnings -o $@ $^ $(NO_TLS) $(LIBS) -llzma -lbz2

# Both for arm64, built on another machine, into $(O)/arm64 (tests/vm/scenarios --arch arm64 runs them).
arm64: vmlinux/arm64/vmlinux.h
	$(Q)tools/deps arm64
	$(Q)root=$$(tools/sysroot arm64) && \
		$(MAKE) O=$(O)/arm64 ARCH=arm64 CC="aarch64-linux-gnu-gcc --sysroot=$$root" all static

$(O)/ipc-scenario: $(LAB_OBJS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -pthread -o $@ $^

$(O)/user/lab/%.o: user/lab/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -pthread $(INCLUDES) -MMD -MP -c -o $@ $<

$(O)/user/%.o: user/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(INCLUDES) -MMD -MP -c -o $@ $<

# Every object file of bpf/ is embedded: nothing is looked for at run time.
$(O)/objects.c: $(BPF_OBJS) tools/embed
	$(call say,GEN,$@)
	$(Q)tools/embed $(BPF_OBJS) > $@

$(O)/objects.o: $(O)/objects.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(O)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $(@:.bpf.o=.tmp.o) $<
	$(Q)$(BPFTOOL) gen object $@ $(@:.bpf.o=.tmp.o)

$(O)/libipctrace.a: $(LIB_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rc $@ $^

$(O)/libstage.a: $(STAGE_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rc $@ $^

# A test defines what it replaces; the archive gives the rest.
$(O)/tests/%_test: tests/%_test.c $(O)/libipctrace.a $(O)/libstage.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(INCLUDES) -Itests/unit -MMD -MP -MF $@.d -o $@ $< $(O)/libipctrace.a $(O)/libstage.a -pthread $(LIBS)

# What make bench runs beside ipctrace.
$(O)/bench/ipc-%: tests/bench/%.c tests/bench/mark.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(LIBS)

$(O)/bench/%.bpf.o: tests/bench/%.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(O)/bench/blocks.so: tests/bench/blocks.c tests/bench/mark.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -fvisibility=hidden -fPIC -shared -o $@ $<

bench-tools: $(O)/bench/ipc-load $(O)/bench/ipc-peer $(O)/bench/ipc-objects $(O)/bench/peers.bpf.o
	@:

# What the binary says of itself becomes the manual page and the completions.
$(O)/install/ipctrace.8: $(O)/ipctrace
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(O)/ipctrace --man > $@

$(O)/install/bash $(O)/install/zsh $(O)/install/fish: $(O)/ipctrace
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(O)/ipctrace --completion $(@F) > $@

install: $(O)/ipctrace $(addprefix $(O)/install/,ipctrace.8 bash zsh fish)
	$(Q)install -D -m 755 $(O)/ipctrace $(DESTDIR)$(BINDIR)/ipctrace
	$(Q)install -D -m 644 $(O)/install/ipctrace.8 $(DESTDIR)$(MANDIR)/man8/ipctrace.8
	$(Q)install -D -m 644 $(O)/install/bash $(DESTDIR)$(BASHDIR)/ipctrace
	$(Q)install -D -m 644 $(O)/install/zsh $(DESTDIR)$(ZSHDIR)/_ipctrace
	$(Q)install -D -m 644 $(O)/install/fish $(DESTDIR)$(FISHDIR)/ipctrace.fish
	$(Q)for unit in $(UNITS); do sed 's|@BINDIR@|$(BINDIR)|' tools/install/$$unit | \
		install -D -m 644 /dev/stdin $(DESTDIR)$(UNITDIR)/$$unit || exit; done
	$(Q)install -D -m 644 -t $(DESTDIR)$(DATADIR) $(addprefix tools/prometheus/,$(DATA))

uninstall:
	$(Q)rm -f $(DESTDIR)$(BINDIR)/ipctrace $(DESTDIR)$(MANDIR)/man8/ipctrace.8 $(DESTDIR)$(BASHDIR)/ipctrace \
		$(DESTDIR)$(ZSHDIR)/_ipctrace $(DESTDIR)$(FISHDIR)/ipctrace.fish \
		$(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS)) $(addprefix $(DESTDIR)$(DATADIR)/,$(DATA))

package: deps
	$(Q)tools/deps package
	$(Q)tools/package $(VERSION)

deps:
	$(Q)tools/deps build

run: deps
	$(Q)$(MAKE) all
	$(Q)tools/run

# As many at a time as there are processors, unless make was told how many.
JOBS = $(if $(filter -j% j%,$(MAKEFLAGS)),,-j$(shell nproc))

test: deps
	$(Q)$(MAKE) $(JOBS) all unit-tests
	$(Q)tests/run

test-all: deps
	$(Q)$(MAKE) $(JOBS) all unit-tests
	$(Q)tests/run --all

unit-tests: $(UNIT_TESTS) $(O)/bench/ipc-objects $(O)/bench/ipc-load
	@:

bench: deps
	$(Q)$(MAKE) all bench-tools
	$(Q)tools/deps vm bench
	$(Q)tools/bench

# make vm KERNEL=6.12 [CMD='.output/ipctrace doctor']
KERNEL := 6.12
vm: deps
	$(Q)$(MAKE) all
	$(Q)tools/deps vm
	$(Q)tools/guest --kernel $(KERNEL) $(if $(CMD),-- sh -c '$(subst ','\'',$(CMD))')

help:
	@echo 'make           build .output/ipctrace (V=1: show the commands)'
	@echo 'make arm64     build .output/arm64/ipctrace, for that processor'
	@echo 'make static    build .output/ipctrace-static, which needs no library'
	@echo 'make install   binary, manual page, completions, systemd units: PREFIX=/usr/local DESTDIR='
	@echo 'make uninstall remove these again'
	@echo 'make package   a Debian package, in .output/package'
	@echo 'make run       build, then trace a real pipeline'
	@echo 'make test      all tests; of the kernel matrix (5 kernels, and 2 of arm64) what tests/vm/matrix says'
	@echo 'make test-all  all tests, and all of the matrix'
	@echo 'make bench     what tracing costs, in instructions, against the committed figures'
	@echo 'make vm        boot a guest: KERNEL=5.10|6.1|6.12|6.18|7.3 [CMD=...]'
	@echo 'make clean     remove .output'

-include $(OBJS:.o=.d) $(LAB_OBJS:.o=.d) $(BPF_OBJS:.o=.d) $(UNIT_TESTS:=.d)

clean:
	$(call say,CLEAN,$(O))
	$(Q)rm -rf $(O)
