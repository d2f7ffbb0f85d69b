"""Hand what was found over to programs that go on from there."""

from tasks.hand_over.warp import write_warp_folder

__all__ = ["write_warp_folder"]
