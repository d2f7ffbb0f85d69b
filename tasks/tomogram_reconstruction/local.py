"""The local alignment of patches, which an alignment keeps in its .aln file only."""

from tasks.formats.aln import AlnPatch, read_aln
from tasks.models import Alignment


def local_patches(alignment: Alignment) -> tuple[AlnPatch, ...]:
    """Return the local alignment of the patches of all aligned images; none if there is none."""
    written = alignment.transforms.with_suffix(".aln")
    return read_aln(written).patches if written.is_file() else ()


def without_patches(program: str, alignment: Alignment) -> str:
    """Return the name of a program that knows no local alignment, and say so if there is one."""
    return f"{program}, without the local alignment" if local_patches(alignment) else program
