"""Programs that cost nothing: they write what the real ones write, and a line when they start and when they end."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.formats.mrc import write_mrc

DATA = Path(__file__).parents[1] / "data"
FRAMES = 16
"""Of the movie whose log the motion correction prints."""

_MOTION = """#!/bin/sh
if [ "$1" = --version ]; then echo "MotionCor3 version 1.2.1"; exit 0; fi
movie=$2
while [ "$1" != -OutMrc ]; do shift; done
printf 'start motion %s\\n' "$movie" >> {log}
sleep {seconds}
for suffix in "" _DW _EVN _ODD; do cp {folder}/sum.mrc "${{2%.mrc}}$suffix.mrc" || exit 1; done
cat {data}/motioncor/motioncor2_1.6.4_eer.log || exit 1
printf 'end motion %s\\n' "$movie" >> {log}
"""
_CTF = """#!/bin/sh
read -r image
read -r output
printf 'start ctf %s\\n' "$image" >> {log}
sleep {seconds}
beside=${{output%.mrc}}
cp {folder}/spectrum.mrc "$output" || exit 1
cp {data}/ctffind/fit.txt "$beside.txt" || exit 1
cp {data}/ctffind/fit_avrot.txt "${{beside}}_avrot.txt" || exit 1
printf 'end ctf %s\\n' "$image" >> {log}
"""


@dataclass(frozen=True)
class Programs:
    """Two executables, and what they say they did."""

    folder: Path

    @classmethod
    def write(cls, folder: Path, seconds: float) -> "Programs":
        """Write the executables, which take so many seconds for an image."""
        folder.mkdir(parents=True)
        random = np.random.default_rng(0)
        write_mrc(folder / "sum.mrc", random.normal(size=(128, 128)).astype(np.float32), 5.0)
        write_mrc(folder / "spectrum.mrc", random.normal(size=(128, 128)).astype(np.float32), 5.0)
        for name, script in {"MotionCor3": _MOTION, "ctffind": _CTF}.items():
            given = {"log": folder / "log", "folder": folder, "data": DATA, "seconds": seconds}
            (folder / name).write_text(script.format_map(given))
            (folder / name).chmod(0o755)
        return cls(folder)

    def parameters(self) -> dict[str, object]:
        """Return the parameters of a session that has these programs used."""
        return {
            "motion_corrector": {"tool": "motioncor3", "executable": str(self.folder / "MotionCor3")},
            "ctf_estimator": {"tool": "ctffind4", "executable": str(self.folder / "ctffind"), "box_size": 128},
        }

    def busy(self) -> bool:
        """Tell whether an image is in work."""
        count = Counter(word for word, *_ in self.said().elements())
        return count["start"] > count["end"]

    def said(self) -> Counter[tuple[str, str, str]]:
        """Count what was started and ended, by program and the stem of its image."""
        path = self.folder / "log"
        lines = [line.split(maxsplit=2) for line in path.read_text().splitlines()] if path.exists() else []
        return Counter((word, program, _movie(image)) for word, program, image in lines)


def _movie(image: str) -> str:
    return Path(image).stem.removesuffix("_noDW")
