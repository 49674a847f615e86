"""ARM64 programs under QEMU's user emulation with a plugin that counts instructions, and onnxruntime for ARM64 in a root of its own.

Debian's and PyPI's packages are unpacked into a cache folder; nothing is installed. Where the user is not root, `unshare` stands in.
"""
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

PEER_PACKAGES = ("libc6 libgcc-s1 libstdc++6 libgomp1 zlib1g libcrypt1 python3.11-minimal libpython3.11-minimal "
                 "libpython3.11-stdlib libffi8 libexpat1 libssl3 libbz2-1.0 liblzma5 libsqlite3-0 libuuid1").split()
QEMU_PACKAGES = ("qemu-user libc6 libcapstone4 libgcc-s1 libglib2.0-0 libgnutls30 libnuma1 liburing2 zlib1g libpcre2-8-0 libp11-kit0 "
                 "libidn2-0 libunistring2 libtasn1-6 libnettle8 libhogweed6 libgmp10 libffi8").split()
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64")
PYTHON = "3.11"  # Debian 12's, whatever runs here
BASIC = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"
DOT = BASIC.replace(" cpuid", " atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp")
# CPUs of QEMU: what /proc/cpuinfo says there, which onnxruntime believes.
CPUS = {"cortex-a53": ("0xd03", BASIC), "cortex-a76": ("0xd0b", DOT), "neoverse-n1": ("0xd0c", DOT)}
LIBRARIES = "/x86/lib/x86_64-linux-gnu:/x86/usr/lib/x86_64-linux-gnu"
COUNTS = Path("/tmp/blocks.txt")  # inside the root


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


class Emulator:
    """QEMU and the roots that programs run in, made once in the folder `cache`."""

    def __init__(self, cache):
        self.cache = Path(cache).resolve()
        self.root, self.packages = self.cache / "root", self.cache / "packages"
        source = Path(__file__).resolve().parent.parent / "benchmark"
        if not (self.cache / "complete").exists():
            shutil.rmtree(self.root, ignore_errors=True)
            for folder in ("usr/lib", "usr/bin", "proc", "tmp", "site", "x86", "sys/devices/system/cpu"):
                (self.root / folder).mkdir(parents=True)
            (self.root / "lib").symlink_to("usr/lib")
            self.packages.mkdir(parents=True, exist_ok=True)
            self._qemu()
            self._peer()
            (self.cache / "complete").touch()
        plugin = self.root / "x86/count_plugin.so"
        run("gcc", "-O2", "-Wall", "-shared", "-fPIC", source / "count_plugin.c", "-o", plugin)
        shutil.copy(source / "count_peer.py", self.root / "tmp")

    def _debian(self, architecture, names):
        """The files of Debian packages of an architecture, by lists of its own."""
        lists, out = self.cache / f"lists-{architecture}", self.packages / architecture
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        options = [f"-oAPT::Architecture={architecture}", f"-oAPT::Architectures={architecture}", "-oAPT::Sandbox::User=root",
                   f"-oDir::State::Lists={lists}", "-oDir::Cache::pkgcache=", "-oDir::Cache::srcpkgcache="]
        run("apt-get", "-q", *options, "update")
        run("apt-get", "-q", *options, "download", *names, cwd=out)
        return sorted(out.glob("*.deb"))

    def _qemu(self):
        """Debian's qemu-user-static has no plugins: the dynamic one, with its libraries."""
        for package in self._debian("amd64", QEMU_PACKAGES):
            run("dpkg-deb", "-x", package, self.root / "x86")

    def _peer(self):
        wheels = self.packages / "wheels"
        shutil.rmtree(wheels, ignore_errors=True)
        run("python3", "-m", "pip", "download", "-q", *[f"--platform={platform}" for platform in PLATFORMS], "--python-version", PYTHON,
            "--implementation=cp", "--only-binary=:all:", "--no-deps", "-d", wheels, "onnxruntime", "numpy")
        for wheel in wheels.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(self.root / "site")
        for package in self._debian("arm64", PEER_PACKAGES):
            data = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, capture_output=True).stdout
            subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", self.root], input=data, check=True)

    def _describe(self, cpu):
        """The files that say which CPU this is: a wrong one makes onnxruntime use instructions that are not there."""
        part, features = CPUS[cpu]
        (self.root / "proc/cpuinfo").write_text(
            f"processor\t: 0\nBogoMIPS\t: 100.00\nFeatures\t: {features}\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
            f"CPU variant\t: 0x0\nCPU part\t: {part}\nCPU revision\t: 4\n\n")
        for name in ("possible", "present"):
            (self.root / "sys/devices/system/cpu" / name).write_text("0\n")

    def blocks(self, cpu, *program):
        """(address, instructions) of the code that a program ran between its calls of getppid; paths are those in the root."""
        self._describe(cpu)
        become = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
        run(*become, "chroot", self.root, "/x86/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "--library-path", LIBRARIES,
            "/x86/usr/bin/qemu-aarch64",
            "-plugin", f"/x86/count_plugin.so,out={COUNTS}", "-cpu", cpu, "-E", "PYTHONPATH=/site", "-E", "PYTHONHASHSEED=0",
            "-E", "LD_LIBRARY_PATH=/tmp", *program)
        lines = (self.root / COUNTS.relative_to("/")).read_text().split("\n")[:-1]
        fields = [line.split() for line in lines]
        return [(int(address, 16), int(size) * int(times)) for address, size, times in fields]

    def count(self, cpu, runs, *program):
        """Instructions of one of the `runs` inferences that a program does between its calls."""
        return sum(instructions for _, instructions in self.blocks(cpu, *program)) / runs
