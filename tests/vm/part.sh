#!/bin/bash
# A part of the matrix in a guest, as TAP; called by links named KERNEL-PART.t:
#   ring      all programs load and attach, every scenario agrees with its truth with the function backend, those of
#             pipes and FIFOs on the oldest and the newest kernel with the syscall backend too (a guest is slow, and
#             that backend is tested natively)
#   lab       every claim of the laboratory comes to the verdict that is known of it; the reports stay for
#             tools/lab-kernels --show
#   programs  what is shown of ordinary programs and of ipctrace as a program holds
# and the kernel log stays clean.  Usage: prove tests/vm
set -uo pipefail
name=$(basename "$0" .t)
kernel=${name%-*} part=${name#*-}
cd "$(dirname "$0")/../.."
out=.output/tests/vm/$name
mkdir -p "$(dirname "$out")"
status=0

pipes() { .output/ipc-scenario --list | sed -n 's/^\([^ ]*\)  *pipe,fifo .*/\1/p'; }

# TEST DIR COMMAND…: run in the guest, which leaves in DIR what was said, and compared out here: the
# guest would take as long for that as for the running.
apart() {
	local test=$1 ran=$2
	shift 2
	chmod 755 "$ran"
	tools/guest --kernel "$kernel" --timeout 2400 --bind "$ran" --env IPCTRACE_TEST_PATIENCE=12 \
		--env "IPCTRACE_TEST_RUN=$ran" -- "$@" >"$out.log" 2>"$out.err"
	status=$?
	IPCTRACE_TEST_COMPARE=$ran prove -v "$test" >>"$out.log" 2>>"$out.err" || status=${status/#0/1}
}

# Named, a backend must work: a kernel that refuses it fails here, instead of being skipped.
ring() {
	local ran
	ran=$(mktemp -d /tmp/ipctrace-ran.XXXXXX)
	apart tests/live/scenarios.t "$ran" sh -c '
		IPCTRACE_BACKENDS=function perl tests/live/scenarios.t || exit
		case $1 in
		5.10 | 7.3) shift; IPCTRACE_BACKENDS=syscall exec perl tests/live/scenarios.t "$@" ;;
		esac' sh "$kernel" $(pipes)
	rm -rf "$ran"
}

lab() {
	local ran=$PWD/.output/lab/$kernel
	rm -rf "$ran"
	mkdir -p "$ran"
	apart tests/live/lab.t "$ran" env IPCTRACE_BACKENDS=function perl tests/live/lab.t
}

programs() {
	tools/guest --kernel "$kernel" --timeout 2400 --env IPCTRACE_TEST_PATIENCE=12 --env IPCTRACE_BACKENDS=function \
		--env IPCTRACE_TEST_SHORT=1 -- \
		prove -v tests/live/{shown,cli,safety,prune,path,counts}.t >"$out.log" 2>"$out.err"
	status=$?
}

$part

# The subtests, as one flat list.
n=0 failed=''
while read -r line; do
	n=$((n + 1))
	case $line in
	'not ok'*) echo "not ok $n -${line#*-}"; failed+="${line#*-};" ;;
	*) echo "ok $n -${line#*-}" ;;
	esac
done < <(grep -E '^(not )?ok [0-9]+ - ' "$out.log")
ran=ok log=ok
((n)) || { ran='not ok'; sed 's/^/# /' "$out.err" | tail -n 40; }
((status == 0 || status == 99)) || ran='not ok'
((status != 99)) || log='not ok'
# To standard error, which prove passes on: a run that nobody can repeat must say by itself what it saw.
{
	[[ ! $failed ]] || echo "# $kernel, $part, failed:$failed"
	[[ $ran == ok ]] || grep -hE '^ *#|^Result' "$out.log" "$out.err" | grep -vE '^ *# (Subtest|missed|skip)' | head -n 60 | sed 's/^ *#*/# /'
	[[ $log == ok ]] || sed 's/^/# /' "$out.err" | tail -n 60
} >&2
echo "$ran $((n + 1)) - $kernel: the $part ran"
echo "$log $((n + 2)) - $kernel: the kernel log is clean"
echo "1..$((n + 2))"
