"""Ahead-of-time builds of every Triton kernel, and what the compiled code uses: `python -P -m claimbench.kernels.aot`.

It needs no GPU: the compilers come with Triton. The kernels' READMEs hold the printed tables.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from claimbench.kernels._build import Build
from claimbench.kernels._families import modules

__all__ = ["BUILDS", "TARGETS", "Build", "Usage", "build", "compiled", "table"]

TARGETS: tuple[tuple[str, str, int | str, int], ...] = (
    ("sm_80", "cuda", 80, 32),
    ("sm_90", "cuda", 90, 32),
    ("sm_100", "cuda", 100, 32),
    ("gfx942", "hip", "gfx942", 64),
)
"""Name, and Triton's backend, architecture and warp size: A100, H100 and H200, B200, MI300."""


@dataclass(frozen=True)
class Usage:
    """What one compiled kernel uses."""

    registers: int
    """Vector registers a thread."""
    spilled: int
    """Bytes (NVIDIA: stack frame) or registers (AMD) a thread that did not fit."""
    shared_bytes: int
    """Shared memory a program."""


BUILDS: tuple[Build, ...] = tuple(build for family in modules("builds") for build in family.BUILDS)
"""Those of every family."""


def compiled(kernel: Build, target: str) -> Any:
    """One kernel compiled for one of `TARGETS`, as Triton returns it, with its code in `asm`.

    Raises RuntimeError under TRITON_INTERPRET=1, where kernels are not compiled, and Triton's own errors.
    """
    if os.environ.get("TRITON_INTERPRET") == "1":
        raise RuntimeError("kernels are interpreted here: unset TRITON_INTERPRET to compile them")
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    backend, architecture, warp_size = next(entry[1:] for entry in TARGETS if entry[0] == target)
    names = kernel.kernel.arg_names
    unused = {name: None for name in names if f"HAS_{name.removesuffix('_ptr').upper()}" in _absent(kernel.constants)}
    constants = {name: value for name, value in kernel.constants.items() if name in names} | unused
    signature = {name: _type(name, kernel, constants) for name in names}
    # Addresses, and all sizes and strides but the number of steps, are multiples of 16 at the paper's shapes.
    unaligned = ("length", "origin", *(name for name, kind in kernel.types.items() if not kind.startswith("*")))
    multiples = [i for i, name in enumerate(names) if signature[name] != "constexpr" and name not in unaligned]
    attributes = {(i,): [["tt.divisibility", 16]] for i in multiples}
    return compile(
        ASTSource(kernel.kernel, signature, constants, attributes),
        target=GPUTarget(backend, architecture, warp_size),
        options={"num_warps": kernel.num_warps},
    )


def build(kernel: Build, target: str) -> Usage:
    """What one kernel uses, compiled for one of `TARGETS`; raises what `compiled` raises."""
    code = compiled(kernel, target)
    if "cubin" in code.asm:
        registers, spilled = _read_cubin(code.asm["cubin"])
    else:
        registers, spilled = _read_amdgcn(code.asm["amdgcn"])
    return Usage(registers, spilled, code.metadata.shared)


def _absent(constants: Mapping[str, float | bool]) -> set[str]:
    return {name for name, value in constants.items() if name.startswith("HAS_") and not value}


def _type(name: str, kernel: Build, constants: Mapping[str, object]) -> str:
    if name in constants:
        return "constexpr"
    if name in kernel.types:
        return kernel.types[name]
    if name.endswith("_ptr"):
        return "*fp32" if name in kernel.float32 else "*bf16"
    return "i32"


_FRAME_SIZE, _REGCOUNT = 0x11, 0x2F
"""Attributes of an .nv.info section whose value is (symbol, number)."""


def _read_cubin(binary: bytes) -> tuple[int, int]:
    """Registers and bytes of stack a thread, from the attributes in the ELF section .nv.info."""
    found = {kind: number for section in _sections(binary, ".nv.info") for kind, number in _attributes(section)}
    return found[_REGCOUNT], found[_FRAME_SIZE]


def _sections(binary: bytes, name: str) -> Iterator[bytes]:
    """Contents of the sections of a 64-bit ELF file that bear a name."""
    (table_at,) = struct.unpack_from("<Q", binary, 40)
    entry_size, n_entries, names_index = struct.unpack_from("<HHH", binary, 58)
    headers = [struct.unpack_from("<IIQQQQ", binary, table_at + i * entry_size) for i in range(n_entries)]
    names_at = headers[names_index][4]
    for header in headers:
        start = names_at + header[0]
        if binary[start : binary.index(b"\0", start)] == name.encode():
            yield binary[header[4] : header[4] + header[5]]


def _attributes(section: bytes) -> Iterator[tuple[int, int]]:
    """(attribute, number) of an .nv.info section; format 4 has a size and a value, the others two bytes."""
    at = 0
    while at < len(section):
        form, kind, size = struct.unpack_from("<BBH", section, at)
        at += 4
        if form == 4:
            if size == 8:
                yield kind, struct.unpack_from("<I", section, at + 4)[0]
            at += size


def _read_amdgcn(assembly: str) -> tuple[int, int]:
    """Vector registers and how many of them were spilled, from the metadata that the assembler puts into the binary."""
    registers, spilled = (
        int(re.search(rf"\.{field}:\s*(\d+)", assembly)[1])  # pyright: ignore[reportOptionalSubscript]
        for field in ("vgpr_count", "vgpr_spill_count")
    )
    return registers, spilled


def table(family: str) -> str:
    """Markdown table of the kernels of one folder: registers a thread, spills, bytes of shared memory a program."""
    lines = ["| kernel | target | registers | spilled | shared bytes |", "|---|---|---|---|---|"]
    for kernel in BUILDS:
        if kernel.family == family:
            for target in (name for name, *_ in TARGETS if kernel.serves(name)):
                used = build(kernel, target)
                row = (f"`{kernel.name}`", target, used.registers, used.spilled, used.shared_bytes)
                lines.append(f"| {' | '.join(map(str, row))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    for family in dict.fromkeys(kernel.family for kernel in BUILDS):
        print(f"{family}\n\n{table(family)}\n")
