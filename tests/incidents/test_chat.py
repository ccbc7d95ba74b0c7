"""Blocks of chat as people copy them: when each thing was said, what, and nobody's name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents import chat

BEGAN = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
ROLES = {"ana silva": "on-call engineer, payments", "@ana": "on-call engineer, payments"}


def read(block: str, *, roles: dict[str, str] | None = None, **over: object) -> list[chat.Said]:
    told: dict[str, object] = {
        "began": BEGAN,
        "ended": BEGAN + timedelta(hours=2),
        "pasted": BEGAN + timedelta(hours=4),
        "zone": ZoneInfo("Europe/Lisbon"),
    }
    return chat.read(block, chat.Surroundings(**(told | over)), ROLES if roles is None else roles)  # type: ignore[arg-type]


def times(found: list[chat.Said]) -> list[str]:
    return [said.at.strftime("%d %H:%M") for said in found]


TWO = ["02 14:03", "02 14:05"]
SHAPES = {
    "markdown_list": "- **14:03 UTC** - errors on checkout\n\n- **14:05 UTC** - we went back\n\n## Impact",
    "markdown_bold_and_colon": "* **14:03:** errors on checkout\n* **14:05:** we went back",
    "markdown_code": "- `14:03` errors on checkout\n- `14:05` we went back",
    "markdown_table": "| Time (UTC) | What |\n| --- | :--- |\n| 14:03 | errors on checkout |\n"
    "| 14:05 | we went back |",
    "markdown_table_with_days": "| 2026-03-02 | 14:03 | errors on checkout |\n"
    "| 2026-03-02 | 14:05 | we went back |",
    "markdown_with_pictures": "- **14:03** errors on checkout\n![load](load.png)\n- **14:05** we went back\n"
    '<img width="9" alt="x">',
    "slack_with_brackets": "Ana Silva  [2:03 PM]\nerrors on checkout\nBen Okoro  [2:05 PM]\nwe went back",
    "slack_24_hours": "Ana Silva  [14:03]\nerrors on checkout\nBen Okoro  [14:05]\nwe went back",
    "slack_time_below": "Ana Silva\n  2:03 PM\nerrors on checkout\nBen Okoro\n  2:05 PM\nwe went back",
    "slack_narrow_space": "Ana Silva\n  2:03\u202fPM\nerrors on checkout\nBen Okoro\n  2:05\u202fPM\n"
    "we went back",
    "teams_brackets": "[02/03 14:03] Ana Silva\nerrors on checkout\n"
    "[02/03 14:05] Okoro, Ben (External)\nwe went back",
    "teams_old": "[14:03] Ana Silva: errors on checkout\n[14:05] Ben Okoro: we went back",
    "teams_time_behind": "Ana Silva  14:03\nerrors on checkout\nBen Okoro  14:05\nwe went back",
    "discord": "ana — Today at 14:03\nerrors on checkout\nben — 02/03/2026 14:05\nwe went back",
    "discord_12_hours": "ana — 03/02/2026 2:03 PM\nerrors on checkout\n"
    "ben — 03/02/2026 2:05 PM\nwe went back",
    "irc": "[14:03:22] <ana> errors on checkout\n[14:05:02] <@ben> we went back",
    "irc_bare": "14:03 <ana> errors on checkout\n14:05:02 <ben> we went back",
    "iso": "2026-03-02T14:03:22Z errors on checkout\n2026-03-02 14:05 UTC - we went back",
    "iso_offset": "2026-03-02T15:03:22+01:00 errors on checkout\n2026-03-02 16:05 +02:00 we went back",
    "mattermost": "ana.silva\n2:03 PM\nerrors on checkout\n\nben\n2:05 PM\nwe went back",
    "plain": "14:03 errors on checkout\n14:05 - we went back",
    "bullets": "- 14:03: errors on checkout\n* ~14:05 we went back",
    "whatsapp": "02/03/2026, 14:03 - Ana Silva: errors on checkout\n[02.03.26, 14:05:10] Ben: we went back",
    "google_chat": "Ana Silva, 2:03 PM\nerrors on checkout\nBen Okoro, Mar 2, 2:05 PM\nwe went back",
    "zoom": "14:03:10 From Ana Silva to Everyone: errors on checkout\n"
    "14:05:10 From Ben to Everyone: we went back",
    "slack_export": '{"type":"message","user":"U1","text":"errors on checkout","ts":"1772460180.000200"},\n'
    '{"type":"message","user":"U2","text":"we went back","ts":"1772460300.000200"}',
    "mattermost_export": '[{"create_at": 1772460180000, "message": "errors on checkout"},'
    ' {"create_at": 1772460300000, "message": "we went back"}]',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_both_messages_are_found_when_a_tool_copies_them_its_own_way(shape: str) -> None:
    found = read(SHAPES[shape], roles={})
    assert times(found) == TWO
    assert [said.text for said in found] == ["errors on checkout", "we went back"]


@pytest.mark.parametrize("shape", SHAPES)
def test_keys_are_the_same_when_the_block_is_pasted_again(shape: str) -> None:
    first, again = read(SHAPES[shape], roles={}), read(SHAPES[shape], pasted=BEGAN + timedelta(hours=9))
    assert [said.key for said in first] == [said.key for said in again]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_name_comes_out_when_names_stand_at_the_messages(shape: str) -> None:
    found = read(SHAPES[shape])
    assert found
    for said in found:
        assert not {"ana", "silva", "ben", "okoro"} & set(said.text.lower().replace(":", " ").split())


def test_a_role_stands_for_the_speaker_when_somebody_has_one() -> None:
    assert read(SHAPES["slack_with_brackets"])[0].text == "On-call engineer, payments: errors on checkout"


def test_names_in_the_words_become_roles_or_a_responder_when_speakers_are_called() -> None:
    block = "Ana Silva  [14:03]\nBen, look\nBen Okoro  [14:05]\n"
    block += "thanks Ana, @carla and <@U12AB> help, mail c.d@shop.example"
    found = read(block)
    assert found[0].text == "On-call engineer, payments: a responder, look"
    assert found[1].text == (
        "thanks on-call engineer, payments, a responder and a responder help, mail a responder"
    )


def test_everyone_stays_everyone_when_a_channel_is_called() -> None:
    assert read("14:03 @here and <!channel> look")[0].text == "everyone and everyone look"


def test_lines_around_the_words_are_left_out_when_the_window_was_copied() -> None:
    block = (
        "Ana Silva\n  2:03 PM\nerrors on checkout\nsecond line (edited)\n👀 2\n:tada: 1\n3 replies\n"
        "Last reply today at 2:30 PM\nBen Okoro joined #ops.\nNew\nPagerDuty\nAPP\n  2:04 PM\nTriggered: p99"
    )
    assert [said.text for said in read(block, roles={})] == [
        "errors on checkout\nsecond line",
        "Triggered: p99",
    ]


def test_a_robot_keeps_its_name_in_the_words_when_it_speaks() -> None:
    block = "PagerDuty APP  2:03 PM\nTriggered: p99\nAna Silva  2:05 PM\nPagerDuty has it"
    assert read(block, roles={})[1].text == "PagerDuty has it"


def test_a_message_of_several_lines_is_one_when_only_the_first_has_a_time() -> None:
    assert read("14:03 errors\n  at checkout\n\n  and at cart")[0].text == "errors\nat checkout\nand at cart"


def test_joined_messages_find_their_half_of_the_day_when_only_the_first_says_it() -> None:
    block = "Ana Silva  [11:58 AM]\nerrors\n[12:01]\nworse\n[1:10]\nbetter"
    assert times(read(block, roles={})) == ["02 11:58", "02 12:01", "02 13:10"]


def test_the_next_day_begins_when_times_pass_midnight() -> None:
    began = datetime(2026, 3, 2, 23, 50, tzinfo=UTC)
    found = read(
        "23:58 queue fills\n00:03 paged\n09:00 looked at", began=began, ended=began + timedelta(hours=1)
    )
    assert times(found) == ["02 23:58", "03 00:03", "03 09:00"]
    assert not found[1].doubts


def test_the_day_before_is_taken_when_the_incident_began_after_midnight() -> None:
    began = datetime(2026, 3, 3, 0, 10, tzinfo=UTC)
    assert times(read("23:58 queue fills\n00:15 paged", began=began, ended=None)) == ["02 23:58", "03 00:15"]


def test_the_day_changes_when_a_day_said_once_runs_over_midnight() -> None:
    block = "Monday, March 2nd\nAna Silva  [11:58 PM]\nqueue fills\n[12:01 AM]\nworse"
    assert times(read(block, roles={})) == ["02 23:58", "03 00:01"]


def test_a_late_reply_stays_on_its_day_when_a_thread_was_copied_in_between() -> None:
    assert times(read("14:03 errors\n14:40 reply in the thread\n14:05 next in the channel")) == [
        "02 14:03",
        "02 14:05",
        "02 14:40",
    ]


def test_a_guess_is_said_when_the_time_lies_far_from_the_incident() -> None:
    assert "guess" in read("02:00 something")[0].doubts[0]


def test_a_guess_is_said_when_the_incident_lasted_for_days() -> None:
    assert "several" in read("14:30 something", ended=BEGAN + timedelta(days=9))[0].doubts[0]


def test_the_first_day_is_taken_when_the_reader_says_it() -> None:
    found = read("14:30 one\n01:00 two", ended=BEGAN + timedelta(days=9), first_day=date(2026, 3, 5))
    assert times(found) == ["05 14:30", "06 01:00"]
    assert not found[0].doubts


def test_today_is_the_day_of_the_incident_when_the_copy_is_old() -> None:
    found = read("ana — Today at 14:03\nerrors", pasted=BEGAN + timedelta(days=30))
    assert times(found) == ["02 14:03"]
    assert "far from the incident" in found[0].doubts[0]


def test_yesterday_is_a_day_earlier_when_it_is_pasted_the_day_after() -> None:
    assert times(read("ana — Yesterday at 14:03\nerrors", pasted=BEGAN + timedelta(days=1))) == ["02 14:03"]


def test_a_doubt_is_said_when_day_and_month_fit_both_ways() -> None:
    found = read("[03/04 14:03] Ana Silva: errors", began=datetime(2026, 4, 1, tzinfo=UTC), ended=None)
    assert found[0].at.date() in {date(2026, 4, 3), date(2026, 3, 4)}
    assert not found[0].doubts
    near = read("[03/03 14:03] Ana Silva: errors")
    assert not near[0].doubts


def test_times_are_in_the_readers_zone_when_the_block_says_none() -> None:
    assert times(read("10:03 errors", zone=ZoneInfo("America/New_York"))) == ["02 15:03"]


def test_a_zone_in_the_words_counts_when_it_is_said() -> None:
    assert times(read("15:03 CET errors\n14:05Z next")) == TWO


def test_a_doubt_is_said_when_the_clocks_were_changed() -> None:
    began = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    assert "clocks" in read("01:30 errors", began=began, ended=None)[0].doubts[0]


def test_small_talk_is_marked_when_a_message_tells_nothing() -> None:
    assert [said.is_small for said in read("14:03 ok thanks\n14:04 :eyes:\n14:05 we went back")] == [
        True,
        False,
    ]


def test_a_kind_is_offered_when_words_say_it() -> None:
    assert [said.kind for said in read("14:03 Rolled back to 41\n14:04 hm")] == ["mitigation", "note"]


def test_the_same_words_come_once_when_they_stand_twice_in_a_minute() -> None:
    assert len(read("14:03 errors\n14:03 errors")) == 1


@pytest.mark.parametrize("block", ["", "no time at all", "{}", '[{"ts": 1}]', "99:99 x", "x" * 200_001])
def test_it_says_so_when_nothing_can_be_read(block: str) -> None:
    with pytest.raises(chat.Unreadable):
        read(block)


@given(st.text(max_size=400))
def test_only_unreadable_is_raised_whatever_is_pasted(block: str) -> None:
    try:
        found = read(block)
    except chat.Unreadable:
        return
    assert all(said.text.strip() and said.at.tzinfo for said in found)


def test_headings_tell_the_days_when_a_timeline_is_markdown() -> None:
    block = (
        "### 2026-03-01\n\n- 12:32 UTC – opened\n- 17:41 UTC – merged\n\n"
        "### March 2, 2026\n\n- 10:00 UTC – shipped"
    )
    found = read(block)
    assert times(found) == ["01 12:32", "01 17:41", "02 10:00"]
    assert [said.doubts for said in found] == [(), (), ()]


def test_an_entry_ends_at_a_heading_when_more_was_copied_than_the_timeline() -> None:
    found = read("## Timeline\n- 14:03 errors on checkout\n## Root cause")
    assert [said.text for said in found] == ["errors on checkout"]


def test_a_link_is_its_words_when_the_block_is_markdown() -> None:
    (said,) = read("- 14:03 [the deployment](https://ci.example/1) failed, see `log[0](x)`")
    assert said.text == "the deployment failed, see `log[0](x)`"
