"""Who was asked to read a postmortem, what they said, and which of it still stands."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.models import Postmortem, PostmortemComment, ReviewRequest

Verdict = PostmortemComment.Verdict


@dataclass(frozen=True)
class Reviews:
    """Comments in the order they were written; requests still open; approvals that hold."""

    comments: list[PostmortemComment]
    asked: list[ReviewRequest]
    approvals: list[PostmortemComment]

    @property
    def wished(self) -> list[PostmortemComment]:
        """Changes requested and not resolved."""
        return [
            one for one in self.comments if one.verdict == Verdict.CHANGES_REQUESTED and not one.resolved_at
        ]


def reviews_of(postmortem: Postmortem) -> Reviews:
    comments = list(postmortem.comments.select_related("written_by"))
    asked = postmortem.review_requests.filter(answered_at=None, withdrawn_at=None)
    return Reviews(
        comments, list(asked.select_related("reviewer", "requested_by")), standing(postmortem, comments)
    )


def standing(postmortem: Postmortem, comments: list[PostmortemComment]) -> list[PostmortemComment]:
    """An approval holds for the words that were read: a later revision ends it. The owner's is none."""
    last = postmortem.revisions.order_by("-number").values_list("saved_at", flat=True).first()
    return [
        one
        for one in comments
        if one.verdict == Verdict.APPROVED
        and one.written_by_id != postmortem.owner_id
        and (last is None or one.written_at >= last)
    ]
