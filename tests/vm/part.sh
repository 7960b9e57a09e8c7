#!/bin/bash
# A part of the matrix in a guest, as TAP; called by links named KERNEL-PART.t. What the parts are and how much of
# each runs when is in the table `matrix` beside this file. And the kernel log stays clean.
# Usage: [IPCTRACE_TEST_ALL=1] prove tests/vm
set -uo pipefail
name=$(basename "$0" .t)
kernel=${name%-*} part=${name##*-}
version=${kernel#arm64-} arch=amd64 built=.output root=''
cd "$(dirname "$0")/../.."
[[ $kernel == "$version" ]] || { arch=arm64 built=.output/arm64; root=$(tools/sysroot arm64) || exit; }
out=.output/tests/vm/$name
mkdir -p "$(dirname "$out")"
status=0

# This part's lines of the table: BACKEND WHICH
lines() {
	awk -v kernel="$kernel" -v part="$part" -v column=$((${IPCTRACE_TEST_ALL:-0} ? 5 : 4)) \
		'!/^#/ && $1 == kernel && $2 == part && $column != "-" { print $3, $column }' tests/vm/matrix
}

# The scenarios that a word of the table means; every and held-every are for profiles.t.
scenarios() {
	local which=$1 where

	case $which in
	all) where=1 ;;
	few) where="few[\$1]" ;;
	*/*) where="n++ % ${which#*/} == ${which%/*} - 1" ;;
	*) where="\$2 == \"$which\"" ;;
	esac
	.output/ipc-scenario --list | awk '
		FILENAME != "-" && $1 == "few" { for (i = 2; i <= NF; i++) few[$i] = 1 }
		FILENAME != "-" { next }
		$1 !~ /^(held-)?every$/ && ('"$where"') { printf " %s", $1 }
		{ delete few[$1] }
		END { for (id in few) printf " no-such-scenario-%s", id }' tests/vm/matrix -
}

guest() {
	tools/guest --arch "$arch" --kernel "$version" --timeout 3600 --env IPCTRACE_TEST_PATIENCE=12 "$@"
}

# TEST DIR COMMAND: run in the guest, which leaves in DIR what was said, and compared out here: the guest would take
# as long for that as for the running.
apart() {
	local test=$1 ran=$2 command=$3

	chmod 755 "$ran"
	[[ $built == .output ]] || command="mount -o bind $built .output && $command"
	guest --bind "$ran" --env "IPCTRACE_TEST_RUN=$ran" -- sh -c "$command" >"$out.log" 2>"$out.err"
	status=$?
	IPCTRACE_TEST_ROOT=$root IPCTRACE_TEST_COMPARE=$ran prove -v "$test" >>"$out.log" 2>>"$out.err" || status=${status/#0/1}
}

# Named, a backend must work: a kernel that refuses it fails here, instead of being skipped.
ring() {
	local ran backend which command=true

	while read -r backend which; do
		command+=" && $* IPCTRACE_BACKENDS=$backend perl tests/live/scenarios.t$(scenarios "$which")"
	done < <(lines)
	ran=$(mktemp -d /tmp/ipctrace-ran.XXXXXX)
	apart tests/live/scenarios.t "$ran" "$command"
	rm -rf "$ran"
}

brief() { ring IPCTRACE_TEST_BRIEF=1; }

lab() {
	local ran=$PWD/.output/lab/$kernel backend which

	read -r backend which < <(lines)
	rm -rf "$ran"
	mkdir -p "$ran"
	apart tests/live/lab.t "$ran" "IPCTRACE_BACKENDS=$backend perl tests/live/lab.t"
}

programs() {
	local backend which

	read -r backend which < <(lines)
	guest --env "IPCTRACE_BACKENDS=$backend" --env IPCTRACE_TEST_SHORT=1 -- \
		prove -v tests/live/{shown,cli,safety,prune,path,counts,left_out,existing,signal,msg}.t >"$out.log" 2>"$out.err"
	status=$?
}

if [[ ! -x $built/ipc-scenario ]]; then
	echo "not ok 1 - $kernel: no $built/ipc-scenario (make all arm64)"
	echo '1..1'
	exit 1
fi
if [[ ! $(lines) ]]; then
	echo '1..0 # SKIP only in make test-all'
	exit
fi
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
