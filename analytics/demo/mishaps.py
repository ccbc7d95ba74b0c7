# ruff: noqa: E501  prose reads better whole
"""What goes wrong at the retailer: one `Mishap` for each way, by area, and outages that no change had a hand in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A lesson as Given / When / Then."""

    title: str
    given: str
    when: str
    then: str


@dataclass(frozen=True)
class Mishap:
    slug: str
    title: str
    impact: str
    happened: str
    resolved: str
    factor: tuple[str, str]  # factor kind, and what it was here
    lesson: str = ""
    why: str = ""
    glob: str = ""
    action: tuple[str, str] = ("prevent", "")  # type, title
    check: Check | None = None


MISHAPS: dict[str, list[Mishap]] = {
    "payments": [
        Mishap(
            "double-capture",
            "Card payments captured twice for {market} orders",
            "Shoppers saw the same amount taken twice; support had calls within the hour.",
            "A capture that timed out was sent again with a fresh idempotency key. The bank had carried out both.",
            "The retry was switched off by flag, and the second captures were refunded from a list made by query.",
            (
                "missing-test",
                "The test double for the bank answered at once, so the time-out path never ran.",
            ),
            "Reuse the idempotency key of the first try in every retry of a capture.",
            "A time-out says nothing about whether the bank did it; a fresh key makes it do it again.",
            "src/captures/**",
            ("prevent", "Refuse a capture without the order's own idempotency key in the client"),
            Check(
                "A capture that times out is charged once",
                "an order of 80 euros whose first capture gets no answer within 5 seconds\nand a bank that carried it out",
                "the capture is retried",
                "the bank sees the same idempotency key\nand the shopper is charged 80 euros once",
            ),
        ),
        Mishap(
            "refund-rounding",
            "{entry} amounts in forint and yen off by a factor of 100",
            "Refunds in forint and yen were a hundredth of what was owed.",
            "Amounts were divided by 100 for every currency on their way to the refund file.",
            "The file was withdrawn at the bank before its cut-off and sent again after a one-line fix.",
            (
                "ai-context",
                "The help that wrote the conversion saw only the euro examples of the file format.",
            ),
            "Convert money with the currency's own minor unit, never with 100.",
            "Some currencies have no minor unit and some have three digits.",
            "src/refunds/**",
            ("prevent", "Replace bare divisions by 100 with the money type, and lint for new ones"),
            Check(
                "A refund keeps its amount in a currency without cents",
                "an order of 12,000 Hungarian forint that was paid in full",
                "the order is refunded",
                "the refund file holds 12,000 forint for it",
            ),
        ),
        Mishap(
            "webhook-order",
            "Orders stuck in 'awaiting payment' although {provider} had been paid",
            "About one in thirty paid orders was not released to the warehouse.",
            "The provider sent 'settled' before 'authorised'; the handler treated the second as news and went back a state.",
            "The handler was rolled back and a day of webhooks was played again in order of their own time.",
            (
                "dependency",
                "We took the order of arrival for the order of events; the provider's page says otherwise.",
            ),
            "Order payment webhooks by the sender's own time, never by arrival.",
            "Providers retry and send in parallel: what arrives last is not what happened last.",
            "src/webhooks/**",
            ("prevent", "Fold a payment's state from all of its events instead of the latest"),
            Check(
                "A payment that is told out of order ends as settled",
                "the events authorised, captured and settled of one payment",
                "they arrive as settled, captured, authorised",
                "the payment is settled\nand the order is released once",
            ),
        ),
        Mishap(
            "decline-storm",
            "{method} payments declined at one bank for everyone",
            "All cards of one bank were declined; conversion fell by a ninth.",
            "A new required field went out empty for stored cards. The bank declines such requests without saying why.",
            "The field was filled with the value the bank's hotline named, by configuration, within the hour.",
            (
                "rollout",
                "The change reached all markets in one roll-out; a canary would have shown one bank's zero.",
            ),
            "Send a new field to one provider and one market first, and compare decline rates before the rest.",
            "Banks decline silently: only a comparison shows it.",
            "src/captures/**",
            ("detect", "Alert on decline rate by bank against the same hour of last week"),
            Check(
                "A stored card is accepted after a field becomes required",
                "a card stored before the field existed",
                "it is used for a payment",
                "the request carries a value for the field",
            ),
        ),
        Mishap(
            "ledger-gap",
            "{market} settlement report misses the last hour before midnight",
            "Finance closed a day that was short by several thousand euros.",
            "The report's window was cut in local time while rows are stored in UTC; after the clocks changed an hour fell out.",
            "The window was widened by hand, the missing rows were booked, and finance re-opened the day.",
            ("data", "Nobody had a test day with 23 or 25 hours in it."),
            "Cut days of money in the organisation's zone with half-open intervals of instants.",
            "Days have 23, 24 or 25 hours; local times repeat and skip.",
            "src/settlements/**",
            ("prevent", "One function for the day's interval, used by every report"),
            Check(
                "A day of 25 hours is settled whole",
                "captures every hour on the day on which clocks go back",
                "the settlement report of that day is made",
                "it holds 25 captures",
            ),
        ),
    ],
    "checkout": [
        Mishap(
            "stale-total",
            "Order total differs from the amount charged when {event}",
            "Some shoppers were charged the price from before they removed a voucher.",
            "The total was kept in the browser and sent with the order; a removed voucher left the old one behind.",
            "Orders whose amounts differ are now refused with a clear message; the affected ones were refunded.",
            (
                "review",
                "The diff showed the new display code; the stale value came from a file it did not touch.",
            ),
            "Compute what is charged on the server from the basket, and refuse an order that says otherwise.",
            "What the browser shows may be minutes old.",
            "packages/basket/**",
            ("prevent", "Compare shown and computed totals when an order is placed"),
            Check(
                "An order with an old total is refused",
                "a basket of 40 euros after a voucher of 10 euros was removed",
                "the order is placed with a total of 30 euros",
                "it is refused and the new total is shown",
            ),
        ),
        Mishap(
            "postcode-wall",
            "Shoppers in {market} postcodes cannot finish checkout",
            "Every shopper with a letter in the postcode was sent back to the address step.",
            "A stricter pattern for postcodes was applied to all countries.",
            "The pattern was limited to the country it was written for.",
            ("missing-test", "The address fixtures held two countries out of eleven."),
            "Validate an address by its own country's rules, and let unknown forms pass with a hint.",
            "A wrong refusal costs an order; a wrong address costs a phone call.",
            "apps/checkout/**",
            ("prevent", "Run address validation over last month's delivered addresses in CI"),
            Check(
                "Addresses that were delivered to stay valid",
                "a hundred addresses of each country to which we delivered last month",
                "each is validated",
                "none is refused",
            ),
        ),
        Mishap(
            "basket-lost",
            "Baskets with {goods} emptied after sign-in",
            "Returning shoppers lost their basket when they signed in at the last step.",
            "Merging the guest basket replaced the stored one instead of adding to it.",
            "The merge was rolled back; baskets of the last six hours were restored from the event log.",
            (
                "ai-context",
                "The rule 'newest line wins' stood in a chat, not in the code that was shown to the helper.",
            ),
            "Merge a guest basket into the stored one line by line; never replace either.",
            "Both hold what the shopper wants.",
            "packages/basket/**",
            ("repair", "Restore lost baskets and tell the shoppers"),
            Check(
                "Signing in keeps both baskets",
                "a stored basket with a lamp and a guest basket with a chair",
                "the shopper signs in",
                "the basket holds the lamp and the chair",
            ),
        ),
        Mishap(
            "slow-summary",
            "Order summary takes more than {minutes} seconds for large baskets",
            "The last step timed out for baskets with many lines.",
            "Delivery promises were asked for once per line instead of once per basket.",
            "The old batch call was brought back behind the flag it still had.",
            ("capacity", "Load tests use baskets of three lines; business customers have eighty."),
            "Ask for delivery promises once per basket.",
            "Calls per line grow with the basket, and the largest baskets are worth most.",
            "apps/checkout/**",
            ("detect", "Budget for outgoing calls per page, checked in CI"),
            Check(
                "A summary of eighty lines asks for promises once",
                "a basket of eighty lines",
                "the order summary is shown",
                "one request for promises is made",
            ),
        ),
    ],
    "catalogue": [
        Mishap(
            "empty-search",
            "Search finds nothing for accented words in {goods}",
            "Searches with accents came back empty in three markets.",
            "The analyser's folding step was lost when the index definition was written anew.",
            "The index was rebuilt with the old definition while the old copy kept serving.",
            ("missing-test", "Search tests ran against a list in memory, which has no analyser."),
            "Test search against the real analyser with words from every market.",
            "Most of what makes search work lives in the index definition.",
            "packages/search/**",
            (
                "prevent",
                "Keep twenty queries per market with expected first results as a gate for new indexes",
            ),
            Check(
                "Accented and plain spellings find the same",
                "products with 'crème' and 'creme' in their names",
                "a shopper searches for either",
                "both products are found",
            ),
        ),
        Mishap(
            "old-prices",
            "Campaign prices of {goods} shown after the campaign",
            "Shoppers saw campaign prices that checkout then refused.",
            "Price pages were cached under a key without the campaign's end.",
            "The cache was emptied and prices were excluded from it until the key was mended.",
            ("configuration", "Staging has no edge cache, so nothing there could go stale."),
            "Put everything that changes a price into the key of a cached price.",
            "A cache that does not know why a price holds cannot know when it stops.",
            "apps/catalogue/**",
            ("prevent", "Give staging the same edge cache rules as production"),
        ),
        Mishap(
            "image-flood",
            "Images of {goods} time out",
            "Listing pages showed grey boxes for a third of all images.",
            "A new size asked the resizer for every image at once.",
            "The sizes were warmed from a job over night, and the listing went back to the old ones until then.",
            ("rollout", "The size went live for all listings in one step."),
            "Warm new image sizes before any page asks for them.",
            "A cold cache turns one deployment into a stampede.",
            "apps/catalogue/images/**",
            ("mitigate", "Serve the next larger size while one is being made"),
        ),
        Mishap(
            "facet-crash",
            "Listing pages fail where {facet} has no values",
            "Categories without sizes answered with an error page.",
            "An empty facet list was read as if it had a first entry.",
            "The facet was hidden by flag, then guarded.",
            ("data", "Such categories appeared only after the spring assortment was loaded."),
            "Render every listing component with an empty list in its tests.",
            "Assortments change weekly; empty is normal.",
            "apps/catalogue/facets/**",
            ("prevent", "Add the empty case to the component gallery that CI renders"),
        ),
    ],
    "identity": [
        Mishap(
            "sign-out-all",
            "Everyone signed out at once",
            "Sessions of all markets ended; sign-in peaked at forty times the usual rate.",
            "The key that signs sessions was replaced without keeping the former one for reading.",
            "The former key was added back as a second key; rate limits were raised for an hour.",
            ("knowledge", "The runbook for key rotation described the system before last."),
            "Keep the former signing key for reading until the longest session has ended.",
            "A rotation that forgets the past is a sign-out for everyone.",
            "src/sessions/**",
            ("process", "Rotate keys by a job that refuses to drop a key in use"),
            Check(
                "Sessions survive a key rotation",
                "a session signed with the former key",
                "the signing key is rotated",
                "the session is still accepted until it expires",
            ),
        ),
        Mishap(
            "reset-mails",
            "Mails of {flow} arrive hours late",
            "Shoppers could not get back in; support reset passwords by hand.",
            "Reset mails shared a queue with a campaign of 400,000 mails.",
            "Resets were moved to a queue of their own.",
            ("capacity", "One queue, one order, no priorities, and nobody owns the total."),
            "Send mails that somebody waits for through a queue of their own.",
            "A campaign is patient; a person at a sign-in page is not.",
            "src/recovery/**",
            ("prevent", "Alert when a reset mail is older than two minutes"),
            Check(
                "A reset mail overtakes a campaign",
                "a campaign of 100,000 mails in the queue",
                "a shopper asks for a password reset",
                "the mail is sent within a minute",
            ),
        ),
        Mishap(
            "permission-cache",
            "Support staff for {market} shoppers saw accounts elsewhere",
            "For two hours a group of support staff could open accounts outside their region.",
            "Permissions were cached by role without the region.",
            "The cache was emptied and switched off; the trail of opened accounts was checked line by line.",
            ("review", "The cache key looked complete: region had been added to the check a week before."),
            "Derive the key of a cached permission from everything that the check reads.",
            "A permission that is cached too widely is a breach that no error shows.",
            "src/permissions/**",
            ("prevent", "Build cache keys of permissions from the check's own signature"),
            Check(
                "A cached permission does not cross regions",
                "an agent for the north whose permission to open accounts is cached",
                "an agent of the same role for the south opens an account in the north",
                "it is refused",
            ),
        ),
        Mishap(
            "factor-loop",
            "Second factor asked for again and again during {flow}",
            "Shoppers with an authenticator app could not get past the second step.",
            "The time step was checked against the server's local clock, which had drifted on two hosts.",
            "The hosts were taken out; the check now allows one step either way.",
            ("configuration", "Two hosts from the new pool had no time service."),
            "Accept one time step either way, and alert on drift before it matters.",
            "Clocks drift; people cannot tell.",
            "src/factors/**",
            ("detect", "Alert on clock drift over two seconds"),
        ),
    ],
    "compliance": [
        Mishap(
            "early-deletion",
            "Invoices deleted before the retention period ended",
            "Some 1,900 invoices were removed eleven months early; all were in the archive.",
            "The period was counted from the order's date for records that count from the end of the tax year.",
            "Deletion was stopped and the invoices were restored from write-once storage.",
            (
                "ai-context",
                "The prompt named the number of years; the rule for the first day stood in a legal memo.",
            ),
            "Count retention from the day that the record's own law names, and delete in two steps.",
            "A period is a length and a beginning; the beginning is where the law hides.",
            "src/retention/**",
            ("prevent", "Mark for deletion thirty days before deleting, with a report to the owner"),
            Check(
                "An invoice is kept until the end of the tenth tax year",
                "an invoice of 3 March with a retention of ten years",
                "ten years have passed since 3 March",
                "the invoice is still there\nand it is due on 31 December of that year",
            ),
        ),
        Mishap(
            "consent-default",
            "Marketing consent stored as given for guests",
            "For a day, guest orders were stored with consent to marketing mails.",
            "An absent answer was read as yes after the form's field was renamed.",
            "Mails to the affected addresses were stopped before any went out, and the rows were corrected.",
            ("missing-test", "Tests sent the old field name and passed because absent meant yes."),
            "Treat an absent consent as no, in every reader.",
            "Consent that nobody gave is worse than consent that was lost.",
            "src/consent/**",
            ("prevent", "Make consent a type with three values and no default"),
            Check(
                "An order without an answer on consent gives none",
                "a guest order whose form has no consent field",
                "the order is stored",
                "no consent to marketing is stored",
            ),
        ),
        Mishap(
            "export-timeouts",
            "Data subject exports of {record} fail for large accounts",
            "Exports of accounts with long histories ended after 30 seconds; two passed the legal deadline's reminder.",
            "The export was moved into a web request.",
            "The export went back into the job runner, and the failed ones were made by hand.",
            ("capacity", "Test accounts have ten orders; the largest real one has eleven thousand."),
            "Make exports in a job, page by page, and resume them.",
            "The people who ask for their data are those with most of it.",
            "src/exports/**",
            ("detect", "Alert on exports older than three days"),
        ),
    ],
    "fulfilment": [
        Mishap(
            "oversold",
            "Items sold that the {carrier} warehouse did not have",
            "Several hundred orders had to be cancelled after payment.",
            "Reservations were released twice when a pick was short: once by the picker, once by the timer.",
            "The timer was stopped; stock was recounted for the affected shelves.",
            ("missing-test", "No test ran both ways of releasing against the same reservation."),
            "Release a reservation by its id, once, whoever asks.",
            "Two clocks on one shelf count it twice.",
            "src/main/kotlin/stock/**",
            ("prevent", "Give reservations an end state that cannot be left"),
            Check(
                "A reservation is released once",
                "a reservation of three lamps",
                "a picker reports it short while the timer ends it",
                "three lamps come back to stock, not six",
            ),
        ),
        Mishap(
            "label-mixup",
            "{carrier} labels printed for the wrong parcel",
            "Forty parcels went to other people's addresses.",
            "Batches were zipped with parcels by position; one parcel had been taken out in between.",
            "Printing was stopped at the docks and the batch was printed again parcel by parcel.",
            ("data", "Batches had always been whole; the new dock takes parcels out."),
            "Join labels to parcels by parcel number, never by position.",
            "Lists that belong together are only as parallel as their last edit.",
            "src/main/kotlin/parcels/**",
            ("prevent", "Scan the parcel before its label comes out"),
            Check(
                "A parcel that left its batch gets no other's label",
                "a batch of three parcels of which the second was taken out",
                "the labels are printed",
                "the third parcel has its own address",
            ),
        ),
        Mishap(
            "tracking-silence",
            "No tracking updates from {carrier}",
            "Shoppers saw 'on its way' for two days; support was asked 900 times.",
            "The carrier's new status words were not in our map and were dropped without a trace.",
            "Unknown words are kept and shown as told; the map was extended.",
            ("dependency", "The carrier had announced it in a mail to an address nobody reads."),
            "Keep what you cannot map, show it as told, and count it.",
            "A word that is dropped quietly is an outage that nobody sees.",
            "src/main/kotlin/carriers/**",
            ("detect", "Alert on the share of unknown status words"),
            Check(
                "An unknown carrier status is shown as told",
                "a tracking update with the word 'handed to neighbour'",
                "it is received",
                "the parcel's page shows 'handed to neighbour'",
            ),
        ),
        Mishap(
            "pick-deadlock",
            "Picking lists for {unit} stopped coming to hand-helds",
            "Two halls stood still for half an hour in the evening peak.",
            "Two jobs locked shelves in opposite order.",
            "One job was ended by hand; both now lock by shelf number.",
            ("pressure", "The change was made in the week before the season, by two teams at once."),
            "Lock shelves in the order of their numbers.",
            "Two locks taken in two orders meet one day.",
            "src/main/kotlin/picking/**",
            ("prevent", "One function that takes shelf locks, in order"),
        ),
    ],
    "platform": [
        Mishap(
            "limits-too-low",
            "{component} killed for memory under evening load",
            "Pages failed in bursts for twenty minutes, three evenings in a row.",
            "Limits were set from a quiet week's use.",
            "The limits were raised by hand and written back to the chart.",
            ("configuration", "The week that was measured had no campaign."),
            "Set memory limits from the busiest hour of the last quarter, with a third on top.",
            "Averages do not get killed; peaks do.",
            "deploy/**",
            ("process", "Show last quarter's peak beside each limit in review"),
            Check(
                "Limits stay above last quarter's peak",
                "a chart with a memory limit",
                "it is checked in CI",
                "the limit is at least 1.3 times the busiest hour of the last quarter",
            ),
        ),
        Mishap(
            "route-shadow",
            "A new route of the {component} answers for an old one",
            "The returns page answered 404 for a quarter of an hour.",
            "A wildcard route was placed before the exact ones.",
            "The routes were swapped by hand, then in the chart.",
            ("review", "Order matters in that file, and nothing in the diff says so."),
            "Put exact routes before wildcards, and test each route that the old table had.",
            "In a list where the first match wins, adding is changing.",
            "deploy/gateway/**",
            ("prevent", "Replay a day of request paths against both tables in CI"),
            Check(
                "Every path of yesterday reaches the same service",
                "the request paths of a day and the route table before a change",
                "the changed table is applied to them",
                "each path reaches the service that it reached before",
            ),
        ),
        Mishap(
            "broker-rebalance",
            "Event broker rebalancing for {minutes} minutes",
            "Orders reached the warehouse up to forty minutes late.",
            "All consumers were restarted at once with a new session time-out.",
            "Consumers were stopped and started one group at a time.",
            ("rollout", "The setting is shared, so one change restarted nineteen services."),
            "Restart consumers of one group at a time.",
            "A rebalance is cheap once and ruinous nineteen times.",
            "deploy/broker/**",
            ("mitigate", "Roll shared settings out by group with a pause"),
        ),
        Mishap(
            "expired-secret",
            "Deployments and image pulls refused",
            "Nothing could be deployed for three hours; a hotfix had to wait.",
            "A registry credential ended that was in no list.",
            "A new credential was made and every credential was listed with its end.",
            ("ownership", "It was made for a trial two years ago, and the trial became production."),
            "List every credential with its owner and its end, and alert 30 days before.",
            "What is in no list ends on the worst day.",
            "deploy/secrets/**",
            ("detect", "Alert on credentials that end within 30 days"),
        ),
        Mishap(
            "timeout-chain",
            "Gateway time-out shorter than {flow} needs",
            "Shoppers saw errors for orders that had in fact been placed.",
            "The gateway's time-out was lowered to 5 seconds; order placement may take 8.",
            "The time-out was raised again; doubled orders were found by basket and cancelled.",
            ("knowledge", "Which call may take how long stood in four files in three repositories."),
            "Make each outer time-out longer than the sum of what it waits for.",
            "A caller that gives up first turns success into an error.",
            "deploy/gateway/**",
            ("prevent", "Check time-outs of the chain against each other in CI"),
            Check(
                "An outer time-out outlasts the inner one",
                "the time-outs of gateway, checkout and payments",
                "they are checked in CI",
                "each outer one is longer than the inner one plus a second",
            ),
        ),
    ],
}

# No change had a hand in these.
OUTSIDE: dict[str, list[Mishap]] = {
    "payments": [
        Mishap(
            "provider-down",
            "{provider} unreachable",
            "Every payment through the provider failed; others carried on.",
            "The provider had an outage of its own network and said so on its status page after 25 minutes.",
            "Payments were sent through the second provider until it was back.",
            ("dependency", "Switching over is done by hand and takes a second pair of eyes."),
            action=("mitigate", "Switch providers by rule when the error rate passes a limit"),
        )
    ],
    "checkout": [
        Mishap(
            "campaign-peak",
            "Checkout slow during a television spot",
            "Every step took four times as long for a quarter of an hour.",
            "A spot that nobody had told us of brought nine times the usual visitors.",
            "The pool was enlarged by hand; the peak had passed by then.",
            ("capacity", "Marketing's calendar and ours do not meet."),
            action=("process", "Subscribe the on-call calendar to the campaign plan"),
        )
    ],
    "catalogue": [
        Mishap(
            "crawler",
            "Listing pages slow: a crawler asks for every filter",
            "Pages took up to six seconds for all visitors.",
            "A crawler followed every combination of facets.",
            "It was limited at the edge.",
            ("capacity", "Facet pages had no limit of their own."),
            action=("mitigate", "Limit facet pages by address"),
        )
    ],
    "identity": [
        Mishap(
            "leaked-passwords",
            "Sign-in attempts with leaked passwords",
            "About 300,000 attempts; 41 accounts were opened and locked again.",
            "A list from another company's breach was tried against our sign-in.",
            "The addresses were blocked, the accounts were locked, and their owners were told.",
            ("missing-alert", "The alert counts failures per address; these came from 80,000 addresses."),
            action=("detect", "Count failures across addresses by password list"),
        )
    ],
    "compliance": [
        Mishap(
            "authority-portal",
            "Tax portal refuses all reports",
            "Monthly reports could not be handed in before the evening.",
            "The authority's portal was down on the day of the deadline.",
            "Reports were handed in by the fallback form, within the deadline.",
            ("dependency", "The portal's maintenance is announced on a page that we do not read."),
        )
    ],
    "fulfilment": [
        Mishap(
            "hall-power",
            "Hall 2 without power",
            "No picks for an hour and a half; 2,100 parcels left a day late.",
            "A transformer of the supplier failed.",
            "Orders were routed to hall 1.",
            ("recovery", "Routing away from a hall takes eleven clicks per zone."),
            action=("mitigate", "Route away from a hall with one switch"),
        )
    ],
    "platform": [
        Mishap(
            "zone-loss",
            "One availability zone gone",
            "A tenth of all requests failed for eleven minutes.",
            "The provider lost a zone; pods came back elsewhere, connections to the old ones hung.",
            "Connections were closed by restarting the gateways.",
            ("recovery", "Clients keep connections for an hour whatever becomes of the other end."),
            action=("mitigate", "Close idle connections after a minute"),
        )
    ],
}
