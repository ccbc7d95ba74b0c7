# ruff: noqa: E501  prose reads better whole
"""A dozen full postmortems: what a team wrote about the latest incident of a kind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """Sections by key, moments as (minutes after impact began, kind, text, starred), further factors and actions."""

    sections: dict[str, str]
    moments: list[tuple[int, str, str, bool]]
    factors: list[tuple[str, str]]
    actions: list[tuple[str, str]]


STORIES: dict[str, Story] = {
    "double-capture": Story(
        {
            "what_happened": (
                "Nordbank's capture endpoint became slow at lunch time. Our client gave up after five seconds and "
                "tried again, as the change of the day before had asked it to. The second request carried a new "
                "idempotency key, so the bank had no way to know the two for one.\n\nThe first sign was a message "
                "from support: three shoppers within ten minutes with the same amount twice on their statement."
            ),
            "impact": "612 orders were charged twice, 41,300 euros in total. All of it was refunded within two days.",
            "detection": (
                "Support noticed before we did. Our dashboard showed captures going up, which on a campaign day "
                "looked like good news."
            ),
            "resolution": (
                "Retries were switched off by flag at 13:10. We asked the bank for its own list of captures, "
                "compared it with ours by order and amount, and refunded the second of each pair in a batch."
            ),
            "surprised": (
                "The key was made inside the function that sends the request. Each of us had assumed that it came "
                "from the order, since the parameter has the same name there."
            ),
            "went_well": "- The flag for retries existed and worked in seconds.\n- Support's list had order numbers.",
            "went_badly": "The bank's test system never times out, so the path had not once run before that day.",
            "lucky": "The campaign ended at noon. The same slowness two hours earlier would have met four times the orders.",
        },
        [
            (-1080, "change", "Retry of captures after a time-out goes live in all markets.", False),
            (0, "note", "Nordbank's response times rise from 0.4 to 6 seconds.", True),
            (14, "detection", "Support reports three shoppers charged twice.", True),
            (
                22,
                "hypothesis",
                "A stuck front end that sends the order twice? Ruled out: one order row each.",
                False,
            ),
            (37, "hypothesis", "Captures per order counted in the database: two for 3 % of orders.", True),
            (41, "decision", "Switch retries off rather than roll back: the flag is quicker.", False),
            (43, "mitigation", "Flag off; no second capture since.", True),
            (95, "communication", "Notice on the order page: doubled charges are being refunded.", False),
            (180, "action", "Refund batch sent to the bank.", False),
        ],
        [
            ("dependency", "The bank's test system cannot be made slow, and we had no stand-in that can."),
            (
                "missing-alert",
                "Captures per order had no alert; captures in total look the same on a good day.",
            ),
        ],
        [
            ("detect", "Alert when an order has more captures than payments"),
            ("repair", "Refund the doubled captures and write to the shoppers"),
        ],
    ),
    "refund-rounding": Story(
        {
            "what_happened": (
                "The new refund file was filled by a helper function that turns minor units into a decimal number "
                "by dividing by 100. For euros and crowns that is right. For forint and yen, which we had begun to "
                "sell in two weeks before, it made 12,000 into 120.\n\nA shopper in Budapest wrote that a refund "
                "was 'a bit symbolic'."
            ),
            "impact": "238 refunds in two currencies were sent at a hundredth of their amount.",
            "detection": "One shopper's mail, forwarded by an agent who thought it odd. No system noticed.",
            "resolution": (
                "Treasury withdrew the day's file at the bank 40 minutes before its cut-off. The earlier two files "
                "had been carried out; the differences were sent as a correction."
            ),
            "surprised": (
                "The money type has known minor units for years. The function did not use it because the file's "
                "example rows, which were pasted into the assistant, were plain numbers."
            ),
            "went_well": "- Treasury's phone number was in the runbook.\n- The correction file was ready the same evening.",
            "went_badly": "Nobody on call could read the bank's file without its manual.",
            "lucky": "Both currencies were new: a year later it would have been twenty times as many.",
        },
        [
            (-2880, "change", "The refund file in its new format goes live.", False),
            (0, "note", "First refund in forint leaves with the daily file.", True),
            (1710, "detection", "An agent forwards a shopper's mail to the team.", True),
            (1725, "hypothesis", "A display fault? The bank's confirmation says 120 as well.", False),
            (1740, "action", "Treasury asks the bank to withdraw today's file.", True),
            (1788, "mitigation", "Withdrawn before the cut-off; refunds in both currencies held.", True),
            (2100, "action", "File with the differences sent.", False),
        ],
        [
            ("missing-test", "All fixtures were in euros, written when there was nothing else."),
            ("review", "Reviewers knew the file format, not the new currencies."),
        ],
        [("prevent", "Fixtures in a currency without and one with three digits for every money path")],
    ),
    "webhook-order": Story(
        {
            "what_happened": (
                "Paylane began to deliver its webhooks from several workers in parallel. Our handler wrote the "
                "state that each message named, so a payment that was settled went back to 'authorised' whenever "
                "the older message came last. Orders wait for 'settled' before they go to the warehouse."
            ),
            "impact": "About one in thirty paid orders waited, the longest for nine hours. 1,140 orders in all.",
            "detection": "An alert on orders older than two hours in 'awaiting payment', which had been added in spring.",
            "resolution": "The state is now folded from all messages by the provider's own time. A day was played again.",
            "surprised": "Their documentation has said 'in no particular order' all along. It had never happened.",
            "went_well": "- Every message was kept, so nothing had to be asked for again.\n- The alert from spring paid for itself.",
            "went_badly": "The first hour went into the warehouse's queue, which was empty because nothing was sent to it.",
            "lucky": "No message was lost; they were only shuffled.",
        },
        [
            (-190, "note", "Paylane changes how it delivers; no notice to us.", False),
            (0, "note", "First order waits although it is paid.", True),
            (122, "alert", "Orders older than two hours in 'awaiting payment'.", True),
            (140, "hypothesis", "Warehouse queue stuck? It is empty and healthy.", False),
            (205, "hypothesis", "Two messages of one payment in the wrong order found in the log.", True),
            (240, "mitigation", "Handler rolled back to the one that ignores older states.", True),
            (330, "action", "A day of messages played again in order of their own time.", False),
        ],
        [
            (
                "missing-test",
                "Fixtures came one at a time, in the order in which a person would tell the story.",
            )
        ],
        [("prevent", "Property test: any order of a payment's messages gives the same state")],
    ),
    "stale-total": Story(
        {
            "what_happened": (
                "Removing a voucher updated the list of lines and the text beneath it, but not the number that is "
                "posted with the order. The payment step trusts that number. Shoppers who removed a voucher after "
                "looking at the summary were charged the lower amount, and those who added one the higher."
            ),
            "impact": "318 orders with a wrong amount, between 5 and 60 euros. Differences to shoppers' harm were refunded.",
            "detection": "The nightly comparison of orders and captures, at 04:10.",
            "resolution": "The payment step computes the amount itself and refuses an order whose total differs.",
            "surprised": "We believed that the total was always computed on the server. It is, and then it is not used.",
            "went_well": "- The comparison found it in the first night.\n- A list of all affected orders took ten minutes.",
            "went_badly": "The change was reviewed as a matter of looks, since all files it touched are components.",
            "lucky": "Voucher week began two days later.",
        },
        [
            (-30, "change", "New summary component goes live.", False),
            (0, "note", "First order with a wrong amount.", True),
            (640, "detection", "The nightly comparison reports 211 differences.", True),
            (655, "decision", "Refuse orders whose totals differ, even if that costs some.", True),
            (700, "mitigation", "The check is live; shoppers are asked to look again.", True),
            (1500, "action", "Refunds sent.", False),
        ],
        [("missing-test", "End-to-end tests never went back a step.")],
        [("detect", "Run the comparison of orders and captures every hour")],
    ),
    "basket-lost": Story(
        {
            "what_happened": (
                "Two baskets meet when a guest signs in. The new code took the one with the younger date and "
                "dropped the other. For shoppers who had put one thing into a guest basket on their phone, that "
                "meant that the twelve things collected at home were gone."
            ),
            "impact": "Some 2,700 baskets were replaced. Orders from signed-in shoppers fell by 6 % that afternoon.",
            "detection": "Comments on social media, passed on by the community desk.",
            "resolution": "Rolled back, and the lost lines were restored from events of the last six hours.",
            "surprised": (
                "'Newest wins' was meant for a line that is in both baskets. The rule was discussed in a chat; the "
                "task that the agent was given only had its short form."
            ),
            "went_well": "- Events hold every line ever added.\n- Restoring was rehearsed in the spring drill.",
            "went_badly": "No figure of ours shows a basket that gets smaller without its owner.",
            "lucky": "It was a Tuesday.",
        },
        [
            (-60, "change", "Merging of baskets is rewritten.", False),
            (0, "note", "First basket replaced.", True),
            (210, "detection", "The community desk passes on three complaints.", True),
            (225, "hypothesis", "Session mix-up? No: the baskets are the shoppers' own.", False),
            (250, "mitigation", "Rolled back.", True),
            (500, "action", "Lines of 2,700 baskets restored.", True),
        ],
        [("missing-alert", "Lines per signed-in basket are counted nowhere.")],
        [("detect", "Chart and alert: lines removed without a click")],
    ),
    "empty-search": Story(
        {
            "what_happened": (
                "The index definition was written anew in the search engine's current syntax. One step of the "
                "analyser, the one that folds accents, had another name there and was left out. The new index was "
                "built over night and switched to in the morning."
            ),
            "impact": "Searches with accents found nothing in France, Portugal and Poland: 9 % of all searches.",
            "detection": "The share of empty searches, on a chart that somebody happened to look at.",
            "resolution": "The alias was pointed back to yesterday's index within minutes of knowing.",
            "surprised": "The old definition had the step twice. We took one for a leftover and it was the other.",
            "went_well": "- Yesterday's index was still there.\n- Pointing back takes one command.",
            "went_badly": "All automated searches are in English.",
            "lucky": "Paris was on holiday.",
        },
        [
            (0, "change", "The alias points to the new index.", True),
            (170, "detection", "Somebody sees the share of empty searches double.", True),
            (185, "hypothesis", "Missing products? They are there; the words do not match.", False),
            (196, "mitigation", "Alias back to yesterday's index.", True),
            (400, "action", "Definition mended and built again.", False),
        ],
        [
            (
                "missing-alert",
                "The chart of empty searches had no alert; nobody had known where to put the line.",
            )
        ],
        [("detect", "Alert on empty searches per market against last week")],
    ),
    "sign-out-all": Story(
        {
            "what_happened": (
                "The yearly rotation of the session key was done by the runbook. The runbook describes the system "
                "that kept both keys in one file; since autumn the former key has to be named in a second setting. "
                "It was not, and from that minute every session was refused."
            ),
            "impact": "All 410,000 sessions ended. Sign-in was slow for 50 minutes, and 3 % of open baskets were left.",
            "detection": "The alert on sign-ins per minute, two minutes in.",
            "resolution": "The former key was set as second key; sessions that had not been replaced came back to life.",
            "surprised": "Coming back to life: we expected to have lost them all, but a refused session is not deleted.",
            "went_well": "- The alert named the right service.\n- Three people had the page open within five minutes.",
            "went_badly": "Staging has four sessions, all of them ours, and we sign in there every day anyway.",
            "lucky": "It was done at 07:30 and not, as planned, at noon.",
        },
        [
            (0, "change", "New session key in force.", True),
            (2, "alert", "Sign-ins per minute at forty times the usual.", True),
            (9, "hypothesis", "An attack? The addresses are our usual shoppers.", False),
            (
                18,
                "decision",
                "Name the former key instead of going back to it: the new one is in use already.",
                False,
            ),
            (21, "mitigation", "Former key accepted for reading.", True),
            (52, "status", "Sign-in back to its usual speed.", False),
        ],
        [("recovery", "Raising the rate limits needs a roll-out of its own.")],
        [("process", "Rehearse the rotation on staging with a thousand sessions")],
    ),
    "early-deletion": Story(
        {
            "what_happened": (
                "The job that deletes what may no longer be kept was extended to invoices. Ten years was right; "
                "the day from which they count was not. Tax law counts from the end of the year in which the "
                "invoice was written, and the job counted from the invoice's own date."
            ),
            "impact": "1,904 invoices were deleted up to eleven months early. All of them were restored. No report was late.",
            "detection": "The archive's weekly comparison showed more deletions than the forecast.",
            "resolution": "The job was stopped. Restoring from write-once storage took a day.",
            "surprised": (
                "The rule was written down, in a memo of the legal team from 2019 that no search of ours finds. "
                "Neither the author nor the assistant could have known it from the repository."
            ),
            "went_well": "- Nothing is really gone for 90 days.\n- Legal answered within the hour.",
            "went_badly": "The forecast is compared once a week.",
            "lucky": "The auditors were due in a month.",
        },
        [
            (-700, "change", "The retention job also covers invoices.", False),
            (0, "note", "First run deletes 1,904 invoices.", True),
            (5400, "detection", "The weekly comparison is out by 1,904.", True),
            (5430, "decision", "Stop all deletions, not just those of invoices.", True),
            (5440, "mitigation", "Job stopped.", True),
            (7200, "action", "All invoices restored and compared by checksum.", False),
        ],
        [("knowledge", "Legal's memos live where engineers have no access.")],
        [("process", "Legal signs each retention rule in the repository, with an example day")],
    ),
    "oversold": Story(
        {
            "what_happened": (
                "A pick that is short gives its reservation back. So does a timer, for pickers who walk away. When "
                "both did so for the same reservation, stock went up twice for one lamp, and the shop sold the "
                "second one."
            ),
            "impact": "740 orders cancelled after payment in four days; 260 vouchers were given.",
            "detection": "The halls: too many shelves were empty on arrival.",
            "resolution": "The timer was stopped and 3,100 shelves were counted over the weekend.",
            "surprised": "The timer had been switched off in 2022 and came back with a default in a library.",
            "went_well": "- The halls kept a list from the first hour.\n- Counting was planned and done in two shifts.",
            "went_badly": "Stock that is too high looks like stock.",
            "lucky": "It was lamps and not the cold chain.",
        },
        [
            (-300, "change", "The reservation library is upgraded.", False),
            (0, "note", "First shelf counted twice.", True),
            (2600, "detection", "Hall 1 reports 60 empty shelves in a shift.", True),
            (2700, "hypothesis", "Theft? The gaps are spread too evenly.", False),
            (3050, "hypothesis", "Two releases for one reservation found in the journal.", True),
            (3065, "mitigation", "Timer stopped.", True),
            (7000, "action", "3,100 shelves counted.", False),
        ],
        [("dependency", "The library's changelog calls the new default 'sensible'.")],
        [("detect", "Alert on reservations with two releases")],
    ),
    "tracking-silence": Story(
        {
            "what_happened": (
                "The carrier renamed eleven of its status words. Our map knew none of the new ones. The code that "
                "reads them skips what it does not know, and it does so quietly, because in its first week it "
                "had to live with a lot of noise."
            ),
            "impact": "No updates for 18,400 parcels over two days; 900 questions to support.",
            "detection": "Support, on the second morning.",
            "resolution": "The map was extended, and two days of updates were fetched again.",
            "surprised": "Nothing failed. Every request was answered, every job was green.",
            "went_well": "- The carrier lets us fetch the past.\n- Support had a text for shoppers in minutes.",
            "went_badly": "The notice went to a mailbox that was closed with the old contract.",
            "lucky": "Parcels travelled just as well without us.",
        },
        [
            (0, "note", "The carrier switches to its new words.", True),
            (2210, "detection", "Support asks why nothing moves.", True),
            (2240, "hypothesis", "Carrier down? Its own page shows updates.", False),
            (2290, "hypothesis", "Updates arrive and are skipped as unknown.", True),
            (2330, "mitigation", "Unknown words are shown as told.", True),
            (2600, "action", "Two days fetched again.", False),
        ],
        [("missing-alert", "Skipped updates were counted in a log line that nobody reads.")],
        [("process", "One shared mailbox for notices of carriers and banks, with an owner")],
    ),
    "limits-too-low": Story(
        {
            "what_happened": (
                "A round of right-sizing set memory limits from a week of measurements. The week was the quietest "
                "of the year. In the evening of the first campaign the pods reached their limit one after the "
                "other; each one that was killed sent its load to the rest."
            ),
            "impact": "Bursts of errors for twenty minutes on three evenings; about 2 % of page views in them.",
            "detection": "Alert on error rate at the edge, within a minute each evening.",
            "resolution": "Raised by hand on the third evening, when the pattern was seen.",
            "surprised": "It healed itself twice, which is why it took three evenings.",
            "went_well": "- Nobody was woken at night.\n- The chart is one file, so the mending was one line.",
            "went_badly": "Restarts for memory are on a dashboard that belongs to nobody.",
            "lucky": "The three evenings were the small campaigns.",
        },
        [
            (-4000, "change", "Memory limits are set from a week of use.", False),
            (0, "alert", "Error rate at the edge above 1 %.", True),
            (20, "status", "Back to normal without a hand.", False),
            (1440, "alert", "The same, a day later.", False),
            (2880, "alert", "The same, third evening.", True),
            (2888, "hypothesis", "Killed for memory, all within two minutes of the peak.", True),
            (2895, "mitigation", "Limits raised by hand.", True),
        ],
        [("missing-alert", "Pods killed for memory raise no alert of their own.")],
        [("detect", "Alert on pods killed for memory, to the service's team")],
    ),
    "timeout-chain": Story(
        {
            "what_happened": (
                "The gateway's time-out was lowered to five seconds so that slow pages fail early. Placing an "
                "order asks the bank, and may take eight. The gateway gave up, the shopper saw an error and tried "
                "again, and both orders went through."
            ),
            "impact": "430 errors for orders that had been placed, 170 of which were placed twice.",
            "detection": "Support and the alert on doubled orders, at the same minute.",
            "resolution": "The time-out was raised; doubled orders were found by basket and cancelled before they shipped.",
            "surprised": "The number had been chosen with care, from the 99.9th percentile of all pages. Orders are one page.",
            "went_well": "- The alert on doubled orders came from an earlier postmortem.\n- No doubled order left the hall.",
            "went_badly": "Time-outs live in four files in three repositories.",
            "lucky": "The bank was quick that day.",
        },
        [
            (-15, "change", "Gateway time-out goes from 15 to 5 seconds.", False),
            (0, "note", "First order answered with an error and placed.", True),
            (26, "alert", "Orders doubled within a minute.", True),
            (27, "detection", "Support: shoppers ask whether their order went through.", False),
            (39, "hypothesis", "Errors stop at exactly five seconds.", True),
            (44, "mitigation", "Time-out back to 15 seconds.", True),
            (120, "action", "170 doubled orders cancelled.", False),
        ],
        [("rollout", "Gateway settings reach all routes at once.")],
        [("prevent", "A time-out of its own for the route that places orders")],
    ),
}
