"""Who speaks for a service: teams own services and write there."""

from __future__ import annotations

from accounts.models import Role, User
from changes.models import Service


def may_speak_for(user: User, service: Service | None) -> bool:
    """Curators; authors of the team that owns it; where nobody owns it any author."""
    if user.at_least(Role.CURATOR):
        return True
    if not user.at_least(Role.AUTHOR):
        return False
    if service is None or service.team_id is None:
        return True
    return user.teams.filter(pk=service.team_id).exists()
