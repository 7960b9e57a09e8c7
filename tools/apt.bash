# Packages of any Debian suite and architecture, without root and without a change to the machine's apt. Sourced.
# In: $suite, $arch (as Debian has it), say and die. Out: $cache, and the functions below.
cache=${IPCTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipctrace}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The repository a suite is in: the one apt uses for this machine's suites of the same kind.
repo_of() {
	local suite uri main='' security=''

	while read -r suite uri; do
		case $suite in
		*-security) security=${security:-$uri} ;;
		*) main=${main:-$uri} ;;
		esac
	done < <(apt-get indextargets --no-release-info \
		--format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 'Component: main')
	[[ $main ]] || die "apt names no Debian mirror (see: apt-get indextargets)"
	case $1 in
	*-security) main=${main%/}; echo "${security:-${main%/debian}/debian-security/}" ;;
	*) echo "$main" ;;
	esac
}

# apt with lists, cache and status of its own, that knows one suite of one architecture and takes nothing
# for installed. It keeps the machine's apt.conf: that is where a proxy is set.
private_apt() {
	local tool=$1 dir=$cache/apt/$suite-$arch; shift

	"$tool" -qq -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o Dir::State="$dir" \
		-o Dir::State::lists="$dir/lists" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
		-o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null -o APT::Default-Release= \
		-o APT::Sandbox::User= -o Acquire::Languages=none "$@"
}

update_lists() {
	local dir=$cache/apt/$suite-$arch

	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	echo "deb [arch=$arch signed-by=$keyring] $(repo_of "$suite") $suite main" >"$dir/sources.list"
	say "reading the package lists of $suite, $arch"
	private_apt apt-get update >&2
}
