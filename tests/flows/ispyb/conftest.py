"""The scripted Murfey leads the sessions that are told to ISPyB here, too."""

from murfey.conftest import ledger, movies, parameters, rig, site, tilts

__all__ = ["ledger", "movies", "parameters", "rig", "site", "tilts"]
