"""In which order the tilts of a series are taken."""

from typing import Literal

TiltScheme = Literal["dose-symmetric", "bidirectional", "unidirectional"]


def tilt_order(largest: float, step: float, scheme: TiltScheme) -> list[float]:
    """Return the angles from minus to plus the largest, in degree, in the order of acquisition."""
    count = int(largest / step + 1e-6)
    positive = [number * step for number in range(1, count + 1)]
    if scheme == "unidirectional":
        return [*(-angle for angle in reversed(positive)), 0.0, *positive]
    if scheme == "bidirectional":
        return [0.0, *positive, *(-angle for angle in positive)]
    order = [0.0]
    for number, angle in enumerate(positive):
        order += [angle, -angle] if number % 2 == 0 else [-angle, angle]
    return order
