"""The two defoci in our order: the larger one first, and its direction."""


def larger_first(defocus_1: float, defocus_2: float, azimuth: float) -> tuple[float, float, float]:
    """Return the larger and the smaller defocus and the direction of the larger one, from -90 to 90 degree.

    ``azimuth`` is the direction of the first one in degree. CTFFIND says the larger one first; Gctf does not always.
    """
    if defocus_1 < defocus_2:
        return defocus_2, defocus_1, turned(azimuth + 90)
    return defocus_1, defocus_2, turned(azimuth)


def turned(angle: float) -> float:
    """Return the direction of a line, which is the same after half a turn, from -90 to 90 degree."""
    return angle - 180 * round(angle / 180)
