# Debian packages that the build needs, and how they get here. Sourced by tools/build and tools/test.

BOARD_PACKAGES="gcc g++ make libc6-dev binutils pkg-config libjpeg-dev libpng-dev zlib1g-dev"
CONVERTER_PACKAGES="libonnx-dev libprotobuf-dev libopenblas-dev"
CROSS_PACKAGES="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
TEST_PACKAGES="$CROSS_PACKAGES qemu-user-static python3 python3-venv"

# install_packages NAME...: installs those that are missing.
install_packages() {
  command -v dpkg-query >/dev/null || return 0 # not Debian: the compiler will say what is missing
  missing=
  for package in "$@"; do
    state=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | head -1) || true
    [ "$state" = installed ] || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "Debian packages are missing; as root, run: apt-get install$missing" >&2
      exit 2
    }
    as_root=sudo
  fi
  echo "installing$missing"
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing
}

# arm64_sysroot DIR: unpacks the arm64 builds of the picture and compression libraries into DIR. The
# package lists it needs are its own; the system's apt and dpkg are only read.
arm64_sysroot() {
  [ ! -e "$1/complete" ] || return 0
  mkdir -p "$1/apt/lists/partial" "$1/apt/packages"
  (
    cd "$1/apt/packages"
    apt_arm64() {
      apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root \
        -o Dir::State::Lists="$1/apt/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        "$2" $3
    }
    apt_arm64 "$1" update ""
    apt_arm64 "$1" download "libjpeg62-turbo-dev libpng-dev zlib1g-dev"
    for package in ./*.deb; do
      dpkg-deb -x "$package" "$1"
    done
  )
  rm -rf "$1/apt"
  touch "$1/complete"
}

# python_packages NAME...: a virtual environment in build/venv with these packages; sets $python.
python_packages() {
  python=build/venv/bin/python
  [ -x $python ] || python3 -m venv build/venv
  $python -c "import importlib.metadata as m, sys; [m.version(n) for n in sys.argv[1:]]" "$@" 2>/dev/null ||
    $python -m pip install -q --disable-pip-version-check "$@"
}
