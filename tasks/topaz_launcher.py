"""Start Topaz by a path, in any Python that has it: ``python topaz_launcher.py denoise3d ...``.

The torchvision of PyPI is built for CUDA: without it, importing Topaz fails because two operators are not declared,
although it uses neither. They are declared here first.
"""

import sys
from importlib import import_module
from importlib.util import find_spec

_OPERATORS = ("nms", "qnms")
_MISSING = (
    "Topaz is not installed in {python}: it has no {needed}. Install it there with pip install 'cryoem-flows[topaz]', "
    "or name another Python by the parameter executable"
)
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def main() -> None:
    """Say the version of Topaz and run its command line."""
    # The folder of this file holds a module named topaz, which is not the one that is meant.
    sys.path.pop(0)
    for needed in ("torch", "topaz"):
        if find_spec(needed) is None:
            sys.exit(_MISSING.format(python=sys.executable, needed=needed))
    if sys.argv[1:] == ["--version"]:
        _say_version()
        return
    torch = import_module("torch")
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in _OPERATORS:
        if not hasattr(torch.ops.torchvision, name):
            library.define(name + _SIGNATURE)
    _say_version()
    import_module("topaz.main").main()


def _say_version() -> None:
    sys.stdout.write(f"topaz {import_module('topaz').__version__}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
