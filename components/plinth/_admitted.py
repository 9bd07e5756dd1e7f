"""Whom a service has let in already."""

from .wiring import Peer


class Admitted:
    """The peers of one service.

    AWS refuses a rule that is there already, and all tiers on a cluster ask for the same one.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self._peers: list[Peer] = []

    def is_new(self, peer: Peer) -> bool:
        """Tell whether a peer has still to be let in, and note that it is."""
        if any(known is peer for known in self._peers):
            return False
        self._peers.append(peer)
        return True
