# shellcheck shell=bash disable=SC2034
# What the scripts in this folder share: names, folders, tools. Sourced, not run.
set -euo pipefail

packaging=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$packaging/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
# The finished packages.
packages=$target/packages
# Everything in between.
work=$target/packaging
tools=$work/tools
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
cargo_home=${CARGO_HOME:-$HOME/.cargo}

# Binaries carry no symbols, and no names of the folders that they were built in.
export CARGO_PROFILE_RELEASE_STRIP=symbols
export RUSTFLAGS="--remap-path-prefix=$cargo_home=cargo --remap-path-prefix=$root=refrain"
# Archives get the date of the commit, so that the same commit gives the same archive.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

# The oldest glibc that the libraries run on: that of Debian 10, Ubuntu 20.04 and RHEL 8.
glibc=2.28

say() { printf -- '-- %s\n' "$*" >&2; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# One of a packaging script's arguments: an architecture by the name that rustc has for it.
architecture() {
    case ${1:-} in
        x86_64 | aarch64) printf '%s\n' "$1" ;;
        *) fail "name an architecture: x86_64 or aarch64" ;;
    esac
}

# An environment with the pinned tools: zig as C compiler and linker, cargo-zigbuild, maturin, checkers.
need_tools() {
    if ! cmp -s "$packaging/requirements.txt" "$tools/requirements.txt"; then
        say "install the tools of packaging/requirements.txt"
        rm -rf "$tools"
        "${PYTHON:-python3}" -m venv "$tools"
        "$tools/bin/pip" install --quiet --disable-pip-version-check -r "$packaging/requirements.txt"
        cp "$packaging/requirements.txt" "$tools/requirements.txt"
    fi
    export PATH="$tools/bin:$PATH"
}

# The folder of zig, with its licences.
zig_folder() {
    "$tools/bin/python" -c 'import os, ziglang; print(os.path.dirname(ziglang.__file__))'
}

# Rust's standard library for a target.
need_target() {
    if ! [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ]; then
        rustup target add "$1"
    fi
}

# Installs a package of Debian where its command is missing.
need_command() {
    if command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]; then
        return
    fi
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        fail "$1 is missing; install Debian's package $2"
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

# Runs a program of an architecture: under qemu-user if this machine is of another.
run_as() {
    local architecture=$1
    shift
    if [ "$(uname -m)" = "$architecture" ]; then
        "$@"
    else
        need_command "qemu-$architecture-static" qemu-user-static
        "qemu-$architecture-static" "$@"
    fi
}

# Builds the command for an architecture, linked to musl, which makes it static. Prints where the program is.
build_command() {
    local triple=$1-unknown-linux-musl
    need_tools
    need_target "$triple"
    # NO_BUILD packs what was built before, while other builds hold the build folder.
    if [ -z "${NO_BUILD:-}" ]; then
        (cd "$root" && cargo zigbuild --locked --quiet --release --bin refrain --target "$triple") >&2
    fi
    printf '%s\n' "$target/$triple/release/refrain"
}

# Packs a folder of $work as $packages/NAME.tar.gz, the same bytes for the same files.
pack() {
    mkdir -p "$packages"
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - "$1" \
        | gzip -9n >"$packages/$1.tar.gz"
    say "$packages/$1.tar.gz"
}
