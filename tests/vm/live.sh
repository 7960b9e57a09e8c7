#!/bin/bash
# The live ring in a guest of the kernel that this file is called by (a link NAME.t for each), as TAP:
# all programs load and attach, every scenario agrees with its truth with the function backend, those of pipes and
# FIFOs on the oldest and the newest kernel with the syscall backend too (a guest is slow, and that backend is tested
# natively), what is shown of ordinary programs and of ipctrace as a program holds, and the kernel log stays clean.
# Usage: prove tests/vm
set -uo pipefail
kernel=$(basename "$0" .t)
cd "$(dirname "$0")/../.."
out=.output/tests/vm/$kernel
mkdir -p "$(dirname "$out")"

# Named, a backend must work: a kernel that refuses it fails here, instead of being skipped.
tools/guest --kernel "$kernel" --timeout 1500 --env IPCTRACE_TEST_PATIENCE=12 -- sh -c '
	IPCTRACE_BACKENDS=function prove -v tests/live/scenarios.t
	a=$?
	case $1 in
	5.10 | 7.3) IPCTRACE_BACKENDS=syscall prove -v tests/live/scenarios.t :: \
		$(.output/ipc-scenario --list | sed -n "s/^\([^ ]*\)  *pipe,fifo .*/\1/p") || a=1 ;;
	esac
	IPCTRACE_BACKENDS=function IPCTRACE_TEST_SHORT=1 prove -v tests/live/shown.t tests/live/cli.t tests/live/safety.t || exit
	exit $a' sh "$kernel" >"$out.log" 2>"$out.err"
status=$?

# The subtests of the ring, as one flat list.
n=0
while read -r line; do
	n=$((n + 1))
	case $line in
	'not ok'*) echo "not ok $n -${line#*-}" ;;
	*) echo "ok $n -${line#*-}" ;;
	esac
done < <(grep -E '^(not )?ok [0-9]+ - ' "$out.log")
ring=ok log=ok
((n)) || { ring='not ok'; sed 's/^/# /' "$out.err" | tail -n 40; }
((status == 0 || status == 99)) || ring='not ok'
((status != 99)) || log='not ok'
[[ $ring == ok ]] || grep -hE '^ *#|^Result' "$out.log" "$out.err" | head -n 60 | sed 's/^ *#*/# /'
[[ $log == ok ]] || sed 's/^/# /' "$out.err" | tail -n 60
echo "$ring $((n + 1)) - $kernel: the live ring ran"
echo "$log $((n + 2)) - $kernel: the kernel log is clean"
echo "1..$((n + 2))"
