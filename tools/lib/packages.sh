#!/usr/bin/env bash
# Debian packages for Doppel: what building and testing needs on the system, and servers that are
# only downloaded and unpacked.
#
# Run it (tools/lib/packages.sh) to install what is missing, or source it for its functions:
#   install_packages                    installs what building and testing needs, if it is missing
#   unpack_packages SUITE WORK ROOT ... downloads packages of any Debian suite, unpacks them into ROOT

# What a bare Debian 12 lacks. No database server is among them, so none is ever started by its
# maintainer scripts: tools/sandbox unpacks its servers into a cache folder of the checkout.
DOPPEL_PACKAGES=(
    # compiling
    g++ cmake ninja-build pkg-config clang libclang-rt-14-dev clang-format clang-tidy
    # libraries
    libboost-dev libboost-program-options-dev libmysqlcppconn-dev libspdlog-dev libfmt-dev libssl-dev
    libzstd-dev zlib1g-dev nlohmann-json3-dev libcurl4-openssl-dev libcctz-dev
    # tests
    libgtest-dev libgmock-dev spin
    # tools/sandbox: keys that the downloads are verified with, certificates for MariaDB, ps
    debian-archive-keyring ca-certificates openssl procps
)

packages_say() { printf 'packages: %s\n' "$*" >&2; }

# Prints those of the given packages that are not installed. Asks dpkg only, so it costs milliseconds.
missing_packages() {
    local name state
    local -A installed=()
    # dpkg-query fails when it knows one of the names not at all; what it prints still counts.
    while read -r name state; do
        [[ "$state" == installed ]] && installed[$name]=1
    done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
    for name in "$@"; do
        [[ -n "${installed[$name]:-}" ]] || printf '%s\n' "$name"
    done
}

# Runs apt-get on the system itself, as root, without ever asking or waiting for a person.
system_apt_get() {
    local -a as_root=()
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            packages_say "cannot install packages: neither root nor sudo"
            return 1
        fi
        as_root=(sudo)
    fi
    # The lock timeout lets two scripts on one machine install one after the other.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" </dev/null >&2
}

# Installs what is missing of DOPPEL_PACKAGES (or of the packages given). Touches apt only if
# something is missing.
install_packages() {
    local -a missing=()
    (($# > 0)) || set -- "${DOPPEL_PACKAGES[@]}"
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} > 0)) || return 0
    packages_say "installing ${missing[*]}"
    system_apt_get update || return 1
    system_apt_get install --no-install-recommends "${missing[@]}" || return 1
}

# Prints the sources of a Debian suite. A stable suite has its security updates in a second archive.
debian_sources() {
    local suite=$1
    local signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
    printf 'deb %s %s %s main\n' "$signed" "${DOPPEL_DEBIAN_MIRROR:-http://deb.debian.org/debian}" "$suite"
    if [[ "$suite" != sid ]]; then
        printf 'deb %s %s %s-security main\n' "$signed" \
            "${DOPPEL_DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}" "$suite"
    fi
}

# Prints an apt configuration that lives in the folder WORK alone.
#
# The machine's Acquire settings (proxies and the like) are carried over; its hooks are not, since
# they clean and refresh the machine's own caches. The empty status file makes apt resolve every
# dependency down to libc, so what is unpacked runs on any system. An archive's index is taken even
# when it is older than it says it should be (a mirror that lags, a frozen snapshot); it must be signed.
private_apt_conf() {
    local work=$1
    apt-config dump Acquire
    cat <<CONF
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$work";
Dir::State::status "$work/status";
Dir::State::lists "$work/lists";
Dir::Cache "$work";
Dir::Cache::archives "$work/archives";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
APT::Sandbox::User "$(id -un)";
APT::Install-Recommends "false";
CONF
}

# private_apt WORK ARGUMENTS..: an apt tool with the configuration in WORK, bounded in time.
private_apt() {
    local work=$1
    shift
    APT_CONFIG="$work/apt.conf" DEBIAN_FRONTEND=noninteractive timeout --foreground 900 "$@" </dev/null
}

# download_packages SUITE WORK "PACKAGES" ["LONE PACKAGES"]
#
# Puts PACKAGES with everything they depend on, and LONE PACKAGES without, into WORK/archives. Needs
# no root and leaves the machine's apt alone; apt verifies all of it with Debian's keyring.
download_packages() {
    local suite=$1 work=$2 log=$2/log
    local -a packages lone
    read -r -a packages <<<"$3"
    read -r -a lone <<<"${4:-}"
    mkdir -p "$work/lists/partial" "$work/archives/partial"
    : >"$work/status"
    debian_sources "$suite" >"$work/sources.list"
    private_apt_conf "$work" >"$work/apt.conf"
    if ! {
        private_apt "$work" apt-get -q update &&
            private_apt "$work" apt-get -q -y --download-only install "${packages[@]}" &&
            { ((${#lone[@]} == 0)) || (cd "$work/archives" && private_apt "$work" apt-get -q download "${lone[@]}"); }
    } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        packages_say "cannot download $3 from Debian $suite"
        return 1
    fi
    # The package index is large, is used once, and would be stale next time.
    rm -rf "$work/lists" "$work"/*.bin
}

# unpack_packages SUITE WORK ROOT "PACKAGES" ["LONE PACKAGES"]
#
# Downloads as above and unpacks it all into the new folder ROOT, which appears only when complete.
unpack_packages() {
    local suite=$1 work=$2 root=$3 package
    # A package of an earlier, broken off or older download must not be unpacked beside the new ones.
    rm -rf "$work/archives" "$root.new"
    download_packages "$suite" "$work" "$4" "${5:-}" || return 1
    mkdir -p "$root.new"
    for package in "$work"/archives/*.deb; do
        dpkg -x "$package" "$root.new" || return 1
    done
    rm -rf "$root.new"/usr/share/{doc,man,locale,lintian,perl,gdb}
    mv "$root.new" "$root"
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
    set -euo pipefail
    install_packages "$@"
fi
