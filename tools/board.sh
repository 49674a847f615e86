# Builds libedgert.so and edgerun for $target into $prefix. Sourced by tools/build.
#
# SwiftPM compiles in Embedded Swift; gcc links, here as in a cross build, where SwiftPM cannot. The object
# files are listed from the sources, so a leftover of a deleted source is never linked.

LIBRARY_MODULES="EdgeABI EdgeRuntime EdgeFormat CEdgeKernels CEdgeHost CEdgeRT"
RUNNER_MODULES="edgerun EdgeSamples CEdgeMedia"

scratch=.build-embedded/$target
set -- --jobs "$jobs" -c release --traits Embedded --scratch-path "$scratch" \
  -Xcc -ffunction-sections -Xcc -fdata-sections \
  -Xswiftc -Xfrontend -Xswiftc -function-sections -Xswiftc -Xfrontend -Xswiftc -disable-stack-protector
linker=gcc
strip=strip
sysroot=
if [ $is_cross = yes ]; then
  linker=$target-linux-gnu-gcc
  sysroot=$root/build/sysroot-$target
  arm64_sysroot "$sysroot"
  set -- "$@" --triple $target-none-none-elf --toolset tools/cross/$target.json \
    -Xcc -isystem -Xcc "$sysroot/usr/include" -Xcc -isystem -Xcc "$sysroot/usr/include/$target-linux-gnu"
fi
swift build "$@" --target edgerun
objects=$(swift build "$@" --show-bin-path)

# objects_of MODULE...: the object files of modules; SwiftPM keeps the folders of C files, not of Swift files.
objects_of() {
  for module in "$@"; do
    find "Sources/$module" -name '*.c' | sed "s|^Sources/$module/|$objects/$module.build/|; s|\$|.o|"
    find "Sources/$module" -name '*.swift' | sed "s|.*/|$objects/$module.build/|; s|\$|.o|"
  done
}

version=$(sed -n 's/^#define EDGERT_VERSION_[A-Z]* \([0-9]*\)$/\1/p' Sources/CEdgeRT/include/edgert.h | paste -sd .)
major=${version%%.*}
mkdir -p "$prefix/bin" "$prefix/lib/pkgconfig" "$prefix/lib/cmake/edgert" "$prefix/include"

# lld keeps the file small although segments are 64 KiB apart, as boards with 16 and 64 KiB pages need.
resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
lld=$(cd "$resources/../../bin" && pwd)
set -- -B "$lld" -fuse-ld=lld -Wl,--gc-sections -Wl,--icf=all -Wl,-s -Wl,--build-id -Wl,-z,relro -Wl,-z,now
[ "$target" != aarch64 ] || set -- "$@" -Wl,-z,max-page-size=65536

library=$prefix/lib/libedgert.so.$version
library_objects=$(objects_of $LIBRARY_MODULES)
select_object=$objects/CEdgeKernels.build/select.c.o
if [ -n "$isa" ]; then
  select_object=$scratch/isa-$isa/select.c.o
  mkdir -p "$scratch/isa-$isa"
  $linker -O2 -fPIC -ffunction-sections -fdata-sections -DEDGE_ONLY_ISA="$isa" -c Sources/CEdgeKernels/select.c -o "$select_object"
  library_objects="$select_object $(echo "$library_objects" | grep -v '/select.c.o$')"
fi
if [ -n "$models" ]; then
  narrowed=$scratch/only-for
  binutils=$([ $is_cross = no ] || echo "$target-linux-gnu-")
  python3 tools/only_for.py --objects "$objects" --select "$select_object" --out "$narrowed" --nm "${binutils}nm" --objcopy "${binutils}objcopy" $models
  $linker -O2 -fPIC -ffunction-sections -include "$narrowed/operators.h" -c Sources/CEdgeKernels/operator_set.c \
    -o "$narrowed/operator_set.c.o"
  # First, since other modules hold weak copies of the operator table.
  library_objects="$narrowed/OperatorTable.swift.o $narrowed/select.c.o $narrowed/operator_set.c.o @$narrowed/absent.link
    $(echo "$library_objects" | grep -vE '/(OperatorTable.swift|select.c|operator_set.c).o$')"
fi
$linker -shared -o "$library" "$@" $library_objects -Wl,--as-needed -lm \
  -Wl,-soname,libedgert.so.$major -Wl,--version-script=tools/edgert.map -Wl,-z,defs -Wl,-z,text
ln -sf "libedgert.so.$version" "$prefix/lib/libedgert.so.$major"
ln -sf "libedgert.so.$major" "$prefix/lib/libedgert.so"
if [ -z "$models$isa" ]; then
  # The same objects unlinked, for tests that reach behind the exported symbols.
  rm -f ".build-embedded/libedgert-testing-$target.a"
  ar rcs ".build-embedded/libedgert-testing-$target.a" $library_objects

  $linker -pie -o "$prefix/bin/edgerun" "$@" -Wl,--defsym=main=edgerun_main \
    $library_objects $(objects_of $RUNNER_MODULES) ${sysroot:+-L"$sysroot/usr/lib/$target-linux-gnu"} \
    -Wl,-Bstatic -ljpeg -lpng16 -lz -Wl,-Bdynamic -Wl,--as-needed -lm
fi

install -m 644 Sources/CEdgeRT/include/edgert.h "$prefix/include/edgert.h"
fill() {
  sed "s/@VERSION@/$version/g; s/@MAJOR@/$major/g" "tools/packaging/$1.in" >"$prefix/lib/$2/$1"
}
fill edgert.pc pkgconfig
fill edgertConfig.cmake cmake/edgert
fill edgertConfigVersion.cmake cmake/edgert

# The oldest glibc a board may have; a newer symbol would keep the library from loading there.
symbols=$(objdump -T "$library")
too_new=$(echo "$symbols" | grep -oE 'GLIBC_2\.(1[89]|[2-9][0-9])(\.[0-9]+)?\)? .*' || true)
[ -z "$too_new" ] || die "libedgert.so needs a glibc newer than 2.17: $too_new"
