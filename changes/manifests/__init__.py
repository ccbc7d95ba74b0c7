"""What a tree of files asks to be kept right: dependencies and settings, by published rules. Pure.

The rules stand in docs/operating-load.md; what they cannot read makes no count, never a smaller one.
"""

from changes.manifests.counting import Counted, Wanted, counted, wanted

__all__ = ["Counted", "Wanted", "counted", "wanted"]
