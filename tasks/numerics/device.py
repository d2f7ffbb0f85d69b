"""Where arrays live: NumPy on the CPU; CuPy, or else torch, on a GPU.

Embedded tools are written in the array API: they ask an array for its namespace and never name a library.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import array_api_compat
import numpy as np
import numpy.typing as npt

from tasks.errors import InputError

Array = Any
"""An array of any library that follows the array API."""


def to_device(image: npt.NDArray[Any], device: str) -> Array:
    """Move an array to a device; on the CPU it is the array itself."""
    if device == "cpu":
        return image
    if find_spec("cupy"):
        return import_module("cupy").asarray(image)
    if find_spec("torch") and import_module("torch").cuda.is_available():
        return import_module("torch").as_tensor(np.ascontiguousarray(image), device=device)
    raise InputError("device", device, 'cupy, or torch with a GPU, to be installed; or device "cpu"')


def to_host(array: Array) -> npt.NDArray[Any]:
    """Bring an array back as NumPy array."""
    if array_api_compat.is_cupy_array(array):
        return array.get()  # type: ignore[no-any-return]
    if array_api_compat.is_torch_array(array):
        return array.detach().cpu().numpy()  # type: ignore[no-any-return]
    return np.asarray(array)


def beside(values: npt.NDArray[Any], like: Array) -> Array:
    """Return values as an array of the library and on the device of another array."""
    return namespace(like).asarray(values, device=array_api_compat.device(like))


def namespace(*arrays: Array) -> Any:  # noqa: ANN401 - a module
    """Return the array-API namespace of arrays."""
    return array_api_compat.array_namespace(*arrays)
