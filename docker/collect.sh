#!/usr/bin/env bash
# collect.sh BUILD LIBTORCH ROOT: lays out the root of an image in ROOT: the programs and the backend of the build
# folder BUILD, the parts of LibTorch that they load, the shared libraries that these need, and nothing else.
#
#   /opt/flambeau/bin, /opt/flambeau/lib   the two programs, the backend, LibTorch
#   /usr/lib                               shared libraries, as on the machine that this runs on
#   /var/lib/dpkg/status.d                 which Debian packages those are from, for scanners
set -euo pipefail
build=$1 libtorch=$(readlink -f "$2") root=$3
home=$root/opt/flambeau
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH)

# The libraries that the files load, directly or not: absolute paths, one a line.
needed() {
  local list missing
  list=$(LD_LIBRARY_PATH=$libtorch/lib ldd "$@")
  # The driver's library comes with the machine.
  if missing=$(grep 'not found' <<<"$list" | grep -v 'libcuda\.so' | sort -u); then
    echo "collect.sh: libraries are missing (a CUDA LibTorch is for Dockerfile.cuda):"$'\n'"$missing" >&2
    return 1
  fi
  sed -nE 's/^.* => (\/[^ ]+) .*$/\1/p; s/^\s*(\/[^ ]+) \(.*$/\1/p' <<<"$list" | sort -u
}

add_library() {
  case $(readlink -f "$1") in
    "$libtorch"/* | "${libtorch%/*}"/nvidia/*) install -D -m 755 "$1" "$home/lib/$(basename "$1")" ;;
    *)
      install -D -m 755 "$1" "$root/usr/lib/$triplet/$(basename "$1")"
      add_package "$1"
      ;;
  esac
}

add_package() { # records the package of a file; its path may be known with or without /usr
  local package path=${1#/usr}
  package=$(dpkg-query -S "$path" 2>/dev/null || dpkg-query -S "/usr$path")
  package=${package%%:*}
  dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
}

rm -rf "$root"
mkdir -p "$root"/{dev,etc,models,opt,proc,tmp,usr/lib,var/lib/dpkg/status.d}
chmod 1777 "$root/tmp"
ln -s usr/lib "$root/lib"
ln -s usr/lib "$root/lib64"
echo 'flambeau:x:1000:1000::/tmp:/sbin/nologin' >"$root/etc/passwd"
echo 'flambeau:x:1000:' >"$root/etc/group"
cp /etc/os-release "$root/etc/os-release"

install -D -m 755 -t "$home/bin" "$build/bin/flambeau-server" "$build/bin/flambeau"
install -D -m 755 -t "$home/lib" "$build/lib/libflambeau_torch.so"
libraries=$(needed "$home"/bin/* "$home"/lib/libflambeau_torch.so)
while read -r library; do
  add_library "$library"
done <<<"$libraries"
# What a CUDA LibTorch opens by name when it first needs it: of NVIDIA's libraries, which the wheel brings, all.
for name in libcaffe2_nvrtc libtorch_cuda_linalg; do
  [[ ! -e $libtorch/lib/$name.so ]] || install -m 755 -t "$home/lib" "$libtorch/lib/$name.so"
done
if [[ -e $libtorch/lib/libtorch_cuda.so && -d ${libtorch%/*}/nvidia ]]; then
  find "${libtorch%/*}/nvidia" -name '*.so*' -exec cp -n -t "$home/lib" {} +
fi
# The loader is asked for by its fixed path.
loader=$(basename "$(readlink -f /lib64/ld-linux-x86-64.so.2 2>/dev/null || readlink -f /lib/ld-linux-aarch64.so.1)")
[[ -e $root/lib/$loader ]] || ln -s "$triplet/$loader" "$root/usr/lib/$loader"
strip --strip-unneeded "$home"/bin/* "$home"/lib/lib{flambeau,torch,c10,gomp}*
echo /opt/flambeau/lib >"$root/etc/ld.so.conf"
/sbin/ldconfig -r "$root"
