"""The pure rule: any permutation and repetition of the events is the same alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from incidents import lifecycle
from incidents.facts import ORDER_OF_A_LIFE, EventKind, PagerFact, Told

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def fact(kind: EventKind, minutes: float, **told: object) -> PagerFact:
    return PagerFact(
        "A",
        f"{kind}-{minutes}-{sorted(told.items())}",
        kind,
        at(minutes),
        sequence=ORDER_OF_A_LIFE[kind],
        told=Told(**told),  # type: ignore[typeddict-item]
    )


facts = st.builds(
    lambda kind, minutes, title, opened: fact(
        kind,
        minutes,
        **({"title": title} if title else {}),
        **({"opened_at": at(opened).isoformat()} if opened is not None else {}),
    ),
    st.sampled_from(list(EventKind)),
    st.integers(0, 6),
    st.sampled_from(["", "Slow", "Down"]),
    st.none() | st.integers(-5, 0),
)


@given(st.lists(facts, max_size=12), st.data())
def test_an_alert_is_the_same_when_events_come_in_any_order_and_repeatedly(
    events: list[PagerFact], data: st.DataObject
) -> None:
    once = lifecycle.fold(events)
    again = data.draw(
        st.permutations(events + data.draw(st.lists(st.sampled_from(events)) if events else st.just([])))
    )
    assert lifecycle.fold(again) == once


@given(st.lists(facts, max_size=12))
def test_an_alert_has_an_end_exactly_when_it_is_resolved_or_was_dismissed_after(
    events: list[PagerFact],
) -> None:
    state = lifecycle.fold(events)
    if state.status == lifecycle.RESOLVED:
        assert state.resolved_at is not None
    elif state.status != lifecycle.DISMISSED:
        assert state.resolved_at is None


@given(st.lists(st.lists(facts, min_size=1, max_size=5), max_size=4), st.randoms())
def test_an_incident_shows_the_same_when_its_alerts_come_in_any_order(
    lives: list[list[PagerFact]], random: object
) -> None:
    alerts = [lifecycle.fold(life) for life in lives]
    shuffled = sorted(alerts, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert lifecycle.combine(shuffled) == lifecycle.combine(alerts)


def test_the_opening_stays_when_reopened() -> None:
    state = lifecycle.fold(
        [
            fact(EventKind.OPENED, 0),
            fact(EventKind.ACKNOWLEDGED, 1),
            fact(EventKind.RESOLVED, 5),
            fact(EventKind.REOPENED, 9),
        ]
    )
    assert (state.status, state.opened_at, state.resolved_at) == ("open", at(0), None)
    assert state.acknowledged_at == at(1)


def test_the_first_end_counts_when_resolved_twice_and_the_last_when_reopened_between() -> None:
    twice = [fact(EventKind.OPENED, 0), fact(EventKind.RESOLVED, 5), fact(EventKind.RESOLVED, 7)]
    assert lifecycle.fold(twice).resolved_at == at(5)
    assert lifecycle.fold([*twice, fact(EventKind.REOPENED, 6)]).resolved_at == at(7)


def test_nothing_known_is_blanked_when_a_later_event_is_silent() -> None:
    state = lifecycle.fold(
        [fact(EventKind.OPENED, 0, severity="P2", title="Slow"), fact(EventKind.RESOLVED, 5, title="Slower")]
    )
    assert state.told == {"severity": "P2", "title": "Slower"}


def test_an_alert_is_not_known_when_only_notes_came() -> None:
    assert not lifecycle.fold([fact(EventKind.NOTED, 0)]).is_known
    assert lifecycle.fold([fact(EventKind.NOTED, 0), fact(EventKind.CHANGED, 1)]).is_known


def test_an_incident_is_over_when_its_last_alert_is() -> None:
    over = lifecycle.fold([fact(EventKind.OPENED, 0), fact(EventKind.RESOLVED, 5)])
    open_still = lifecycle.fold([fact(EventKind.OPENED, 2), fact(EventKind.ACKNOWLEDGED, 3)])
    assert lifecycle.combine([over, open_still]).status == "investigating"
    later = lifecycle.fold([fact(EventKind.OPENED, 2), fact(EventKind.RESOLVED, 9)])
    together = lifecycle.combine([over, later])
    assert (together.status, together.detected_at, together.resolved_at) == ("resolved", at(0), at(9))


def test_a_dismissed_alert_ends_nothing_when_another_is_open() -> None:
    dismissed = lifecycle.fold([fact(EventKind.OPENED, 0), fact(EventKind.DISMISSED, 1)])
    assert lifecycle.combine([dismissed, lifecycle.fold([fact(EventKind.OPENED, 2)])]).status == "open"
    assert lifecycle.combine([dismissed]).status == "resolved"
