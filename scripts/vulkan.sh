#!/usr/bin/env bash
# Sees to a Vulkan driver that answers. Where none does and there is no GPU, Debian and Ubuntu get the loader and Mesa's software driver;
# elsewhere it says what is missing. It never touches a GPU's own driver.
set -euo pipefail

say() { echo "setup: $*" >&2; }

# A driver is described by an ICD file; the loader is libvulkan.
loader() { ldconfig -p 2>/dev/null | grep 'libvulkan\.so\.1' >/dev/null; }
drivers() {
    [ -n "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] && return 0
    compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null || compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null
}
# Display controllers (PCI class 03) and compute accelerators (0302, 12) of the makers that have Vulkan drivers.
gpu() {
    local device class vendor
    for device in /sys/bus/pci/devices/*; do
        [ -r "$device/class" ] || continue
        class=$(cat "$device/class") vendor=$(cat "$device/vendor")
        case "$class:$vendor" in
        0x03*:0x10de | 0x03*:0x1002 | 0x03*:0x8086 | 0x12*:0x10de | 0x12*:0x1002) return 0 ;;
        esac
    done
    return 1
}

[ "$(uname -s)" = Linux ] || exit 0 # Metal and DX12 come with the system.
if loader && drivers; then exit 0; fi

if gpu; then
    say "a GPU is present, but no Vulkan driver answers: install its maker's driver with Vulkan support and the Vulkan loader (libvulkan1)"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    say "no Vulkan driver answers: install the Vulkan loader and Mesa's software driver (lavapipe)"
    exit 0
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        say "no Vulkan driver answers: as root, apt-get install libvulkan1 mesa-vulkan-drivers"
        exit 0
    fi
    as_root=sudo
fi
say "no Vulkan driver and no GPU: installing libvulkan1 and mesa-vulkan-drivers, Mesa's software driver"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q >/dev/null
$as_root apt-get install -y -q --no-install-recommends libvulkan1 mesa-vulkan-drivers >/dev/null
