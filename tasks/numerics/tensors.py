"""Fields of symmetric 3 x 3 tensors: their eigenvalues and axes, voxel by voxel.

A field is the tuple of its components zz, yy, xx, zy, zx and yx.
"""

from tasks.numerics.device import Array, namespace

Tensors = tuple[Array, Array, Array, Array, Array, Array]
Vectors = tuple[Array, Array, Array]
"""Components z, y and x."""
_SMALLEST = 1e-30


def squared(field: Tensors) -> Tensors:
    """Return the tensors multiplied by themselves: the same axes, no negative eigenvalues."""
    zz, yy, xx, zy, zx, yx = field
    return (
        zz * zz + zy * zy + zx * zx,
        zy * zy + yy * yy + yx * yx,
        zx * zx + yx * yx + xx * xx,
        zz * zy + zy * yy + zx * yx,
        zz * zx + zy * yx + zx * xx,
        zy * zx + yy * yx + yx * xx,
    )


def eigenvalues(field: Tensors) -> tuple[Array, Array, Array]:
    """Return the eigenvalues, largest first, by the trigonometric solution of their cubic equation."""
    zz, yy, xx, zy, zx, yx = field
    xp = namespace(zz)
    mean = (zz + yy + xx) / 3
    zz, yy, xx = zz - mean, yy - mean, xx - mean
    spread = xp.sqrt((zz * zz + yy * yy + xx * xx + 2 * (zy * zy + zx * zx + yx * yx)) / 6)
    cube = xp.clip(spread, _SMALLEST ** (1 / 3), None) ** 3
    determinant = zz * (yy * xx - yx * yx) - zy * (zy * xx - yx * zx) + zx * (zy * yx - yy * zx)
    angle = xp.acos(xp.clip(determinant / (2 * cube), -1, 1)) / 3
    largest = mean + 2 * spread * xp.cos(angle)
    smallest = mean + 2 * spread * xp.cos(angle + 2 * xp.pi / 3)
    return largest, 3 * mean - largest - smallest, smallest


def axes(field: Tensors, values: Array) -> Vectors:
    """Return the unit vectors that belong to a simple eigenvalue of each tensor; of no tensor, zero."""
    zz, yy, xx, zy, zx, yx = field
    xp = namespace(zz)
    rows = ((zz - values, zy, zx), (zy, yy - values, yx), (zx, yx, xx - values))
    # Both rows of a pair are perpendicular to the axis; the longest of the three products is the safest.
    found, length = _product(rows[0], rows[1])
    for first, second in ((rows[0], rows[2]), (rows[1], rows[2])):
        other, longer = _product(first, second)
        better = longer > length
        found = tuple(xp.where(better, new, old) for new, old in zip(other, found, strict=True))
        length = xp.where(better, longer, length)
    scale = 1 / xp.sqrt(xp.clip(length, _SMALLEST, None))
    z, y, x = (component * scale for component in found)
    return z, y, x


def along(field: Tensors, directions: Vectors) -> Array:
    """Return what the tensors are along unit vectors."""
    (zz, yy, xx, zy, zx, yx), (z, y, x) = field, directions
    return zz * z * z + yy * y * y + xx * x * x + 2 * (zy * z * y + zx * z * x + yx * y * x)


def _product(first: Vectors, second: Vectors) -> tuple[Vectors, Array]:
    """Return the vector product and its squared length."""
    (az, ay, ax), (bz, by, bx) = first, second
    z, y, x = ay * bx - ax * by, ax * bz - az * bx, az * by - ay * bz
    return (z, y, x), z * z + y * y + x * x
