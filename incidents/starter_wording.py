"""The wording list that an installation starts with: what the guides to blameless postmortems agree on.

A raised VERSION, with a migration that calls `incidents.wording_defaults.take_defaults`, brings rows that
nobody has edited up to date. Patterns are RE2: a space stands for any white space, letters match in any case.
"""

from __future__ import annotations

from dataclasses import dataclass

from incidents.wording import LEAVE_OUT, Rule

VERSION = 1

# Past participles: "should have tested", unlike "should have a test".
_DONE = (
    r"(?:been(?: \w+)?|be \w+|\w{2,}ed|had|done|gone|come|caught|known|seen|made|taken|given|told|read|run|"
    r"set|sent|"
    r"kept|left|put|thought|understood|chosen|found|held|built|written|shown|spoken|asked|got|gotten|"
    r"sought|tried|"
    r"paid|brought|begun|stood|led|met|thrown|drawn|grown|broken)"
)
_WHO = (
    r"(?:one of (?:our|the) )?(?:an? |the |our |another )?(?:\w+ )?(?:engineers?|developers?|devs?|"
    r"operators?|"
    r"admin\w*|sysadmins?|technicians?|interns?|contractors?|colleagues?|reviewers?|new hires?|employees?|"
    r"on-?call(?: engineer)?|dbas?|team members?)"
)
_STAFF = (
    r"(?:(?:all|the|our|every|its|existing|new|and) )*(?:\w+ )?(?:teams?|staff|engineers?|developers?|"
    r"employees?|"
    r"people|everyone|everybody|operators?|personnel)"
)
_AI = (
    r"(?:the |an? |our )?(?:ai|llm|(?-i:Cursor)|copilot|claude(?: code)?|chatgpt|gpt(?:-\w+)?|gemini|codex|"
    r"devin|"
    r"(?:ai|coding|code)[ -](?:agent|assistant|bot|model|tool))(?: \d[\d.]*)?"
)
_ADVERB = r"(?: (?:had|has|have|also|just|simply|again|completely|really|actually|probably|likely|easily))*"


@dataclass(frozen=True, slots=True)
class StarterRule(Rule):
    flagged: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()


RULES: tuple[StarterRule, ...] = (
    StarterRule(
        "should-have",
        rf"(?:should|ought to)(?: not|n't| never|{_ADVERB})*(?: (?:\w+ly|at least|all|both))? have(?: "
        rf"not)?(?: \w+ly)?"
        rf" {_DONE}|(?:should|could)n?'?t?'ve(?: \w+)?|should of(?: \w+)?",
        "Speaks of what did not happen, which nobody could see then.",
        "Say what was done, and what information was at hand.",
        flagged=("The engineer should have checked the flag.", "It shouldn't have been merged."),
        left_alone=("Every service should have a runbook.", "It should never be deleted."),
    ),
    StarterRule(
        "could-have",
        rf"could(?: not|n't|{_ADVERB})*(?: \w+ly)? have (?:be(?:en)? (?:\w+ly )?(?:avoided|prevented|"
        rf"caught|noticed|"
        r"detected|alerted|seen|found|fixed|faster|quicker|sooner|earlier|better|done|handled|stopped|"
        r"mitigated|"
        r"spotted|tested|communicated|resolved|shorter)|(?:avoided|prevented|caught|noticed|detected|"
        r"spotted|seen|"
        r"helped|tested|communicated|checked|reviewed|stopped|done|known|acted|reacted|responded|told|"
        r"asked|saved|"
        r"mitigated|reduced))",
        "Speaks of a past that did not happen.",
        "Move it to the actions: “next time … will …”.",
        flagged=("It could have been avoided.", "We could have caught it in review."),
        left_alone=("A longer stall could have caused a retry storm.", "It could have failed anywhere."),
    ),
    StarterRule(
        "could-have-done",
        rf"could(?:n't| not)?{_ADVERB}(?: \w+ly)? have {_DONE}",
        "Speaks of a past that did not happen.",
        "Move it to the actions: “next time … will …”.",
        of_people=True,
        flagged=("We could have drained the node first.",),
        left_alone=("The node could have been drained.",),
    ),
    StarterRule(
        "would-have",
        rf"would(?: not|n't) have happened|would{_ADVERB}(?: \w+ly)? have (?:been (?:prevented|avoided|"
        rf"caught|noticed|detected|useful|"
        r"helpful|better|faster|quicker|found|isolated|fixed)|prevented|avoided|caught|noticed|detected|"
        r"spotted|"
        r"mitigated|stopped|alerted|helped|flagged|isolated|known|saved|warned|allowed us)",
        "Speaks of a past that did not happen.",
        "Move it to the actions: “next time … will …”.",
        flagged=("A test would have caught it.",),
        left_alone=("The header would have been ignored by the proxy.",),
    ),
    StarterRule(
        "if-only",
        r"if only|had (?:we|they|he|she|you|i|anyone|the team|the engineer) (?:just |only |simply )?\w+|"
        r"if (?:we|they|he|she|i|someone|anyone|the team|the (?:\w+ )?(?:engineer|developer|operator|"
        r"reviewer)) "
        r"had(?: not|n't| only| just)?(?: \w+)",
        "Speaks of a past that did not happen.",
        "Name the condition that existed.",
        flagged=("If only the flag had been off.", "If we had tested it, …", "Had they only asked."),
        left_alone=("If the cache had expired, the page was rebuilt.",),
    ),
    StarterRule(
        "failed-to",
        r"(?:fail(?:ed|ing|s)? (?:to|at|in)(?: \w+)?|neglect(?:ed|ing)? to|omitted to)",
        "Judges an absence by what came later.",
        "“… was not in place, because …”",
        of_people=True,
        flagged=("We failed to test it.", "The operator neglected to drain the node."),
        left_alone=("The job failed to start.", "The deploy failed to finish."),
    ),
    StarterRule(
        "failure-of",
        r"(?:team|engineer|operator|developer|reviewer|admin|our|their|his|her)(?:'?s'?)? failure to|"
        r"failure (?:in|of) (?:mentoring|supervis\w+|judge?ment|leadership|management|communication)|"
        r"neglecting to",
        "Judges an absence by what came later.",
        "“… was not in place, because …”",
        flagged=("It was the operator's failure to drain the node.",),
        left_alone=("A failure of the disk.", "The pump's failure to start."),
    ),
    StarterRule(
        "did-not-notice",
        r"(?:did(?: not|n't)|had(?: not|n't))(?: \w+ly| even| think to)? (?:notice|see|reali[sz]e|check|"
        r"test|read|"
        r"follow|verify|think|catch|question|consider|copy|restart|deploy|request|review|double-check|"
        r"communicate|"
        r"escalate|respond|react|anticipate|validate|confirm|document|bother|look|ask|plan|spot|update|"
        r"understand|"
        r"commun\w+|noticed|seen|checked|tested|followed|verified|considered|reviewed|updated|reali[sz]ed|"
        r"scroll|announce|inform|tell|warn)(?: to)?",
        "Judges with what is known only now.",
        "“The signal appeared in …, among N others.”",
        of_people=True,
        flagged=("We did not notice the alert.", "The reviewer didn't read the plan."),
        left_alone=("The health check did not notice the error.", "We did not need a restart."),
    ),
    StarterRule(
        "nobody-noticed",
        r"(?:no ?body|no one|no-one)(?: (?:at|on|in|of|from) (?:the |our )?\w+)?(?: team)? (?:had "
        r")?(?:reali[sz]ed|"
        r"noticed|checked|caught|tested|saw|seen|thought|verified|bothered|asked|questioned|looked|read|"
        r"reviewed)",
        "Judges with what is known only now, and hides who was there.",
        "“The signal appeared in …, among N others.”",
        flagged=("Nobody noticed the warning.", "No one on the team had checked it."),
        left_alone=("Nobody was paged.",),
    ),
    StarterRule(
        "missed",
        r"(?:missed|overlooked|ignored|neglected|disregarded)|missing the (?:opportunity|chance|signs?|"
        r"warnings?)",
        "Judges with what is known only now.",
        "“The signal appeared in …, among N others.”",
        of_people=True,
        flagged=("The on-call engineer missed the alert.", "We all overlooked it."),
        left_alone=("The health check missed two beats.", "The user service ignored the header."),
    ),
    StarterRule(
        "oversight",
        r"overlooked|missing the (?:opportunity|chance)|(?:an?|our|my|their|his|her|the|this|that|honest|"
        r"simple|human)"
        r" (?:\w+ )?oversight",
        "Judges with what is known only now.",
        "Say what was looked at, and what drew the eye away.",
        flagged=("It was an oversight.", "The flag was overlooked."),
        left_alone=("The board has oversight.",),
    ),
    StarterRule(
        "forgot",
        r"forgot (?:to|about|that|the|a|an|it|this|one|which|how)(?: \w+)?|(?:was|were|had|have|been) "
        r"forgotten|"
        r"forgetting (?:to|about)|did(?: not|n't) (?:even )?(?:bother|think) to|forgetful(?:ness)?",
        "Guesses a motive that nobody can know.",
        "“The step relied on memory; no check existed.”",
        flagged=("He forgot to run the migration.", "They didn't bother to ask."),
        left_alone=("The “forgot password” page was slow.", "So that it does not get forgotten."),
    ),
    StarterRule(
        "human-error",
        r"human[- ]?errors?|(?:user|operator|pilot|engineer|developer|admin|technician|manual|"
        r"configuration by hand) "
        r"error|pebkac|pilot error|errors? (?:was |were |that was )?(?:made )?by (?:the|an?|our|one of our) "
        r"(?:\w+ )?(?:engineer|developer|operator|admin\w*|technician|team|employee|user|person)|human "
        r"(?:mistakes?|"
        r"factors? (?:was|were) the cause)",
        "Ends the inquiry where it begins.",
        "What made this action easy, or look right?",
        flagged=("In the end it was human error.", "An operator error took it down."),
        left_alone=("The error was shown to the user.",),
    ),
    StarterRule(
        "fat-finger",
        r"fat[- ]?finger(?:ed|s|ing)?",
        "Ends the inquiry where it begins.",
        "What made this action easy, or look right?",
        flagged=("Somebody fat-fingered the command.",),
    ),
    StarterRule(
        "ai-broke",
        rf"({_AI}){_ADVERB} (broke|caused|took down|brought down|crashed|wiped|deleted|destroyed)",
        "A new scapegoat in the old place.",
        "Which kind of help was it, and which review or test let it through?",
        rewrite=r"a change made with \1's help \2",
        flagged=("Copilot broke the checkout.", "The AI broke it.", "Claude Code wiped the table."),
        left_alone=("The database cursor broke.", "A change made with Copilot's help broke it."),
    ),
    StarterRule(
        "ai-error",
        rf"{_AI}{_ADVERB} (?:messed (?:it )?up|screwed (?:it )?up|hallucinated|failed us|is to blame|was "
        rf"(?:wrong|at "
        r"fault|to blame)|got (?:it|this|that) wrong|missed|misdiagnosed|misunderstood|ignored|lied|"
        r"botched|ruined|"
        r"invented|made (?:it|this) up|made a mistake|forgot|generated (?:bad|broken|wrong|buggy)(?: "
        r"code)?|wrote "
        rf"(?:bad|broken|wrong|buggy)(?: code)?)|(?:the )?(?:agent|bot|assistant|model){_ADVERB} (?:messed "
        rf"(?:it )?up|"
        r"screwed (?:it )?up|hallucinated|is to blame|was to blame|lied|got (?:it|this|that) wrong|broke)|"
        r"(?:ai|llm|copilot)(?:'s)? (?:errors?|mistakes?|slop|fault|hallucinations?)|because of (?:the )?"
        r"(?:ai|llm|copilot)",
        "A new scapegoat in the old place.",
        "Which kind of help was it, and which review or test let it through?",
        flagged=("It was an AI error.", "The model hallucinated a flag.", "The AI got it wrong."),
        left_alone=(
            "The change was written with Copilot and reviewed by two.",
            "The Grafana agent restarted.",
        ),
    ),
    StarterRule(
        "character",
        r"careless(?:ly|ness)?|slopp(?:y|ily|iness)(?: \w+)?|reckless(?:ly|ness)?|negligen(?:t|ce|tly)|"
        r"lazy|lazily|"
        r"laziness|incompeten(?:t|ce)|stupid(?:ly|ity)?|dumb|clueless|idiot(?:ic|s)?|irresponsible|"
        r"blindly (?:trust\w*|accept\w*|rel\w+|follow\w*|copied|merged|approved)|unprofessional",
        "Judges a character.",
        "Describe the load, the tools and what was known.",
        flagged=("It was careless to merge it.", "A sloppy migration."),
        left_alone=("The page uses native image loading.",),
    ),
    StarterRule(
        "poor",
        r"(?:inadequate|insufficient|improper|poor|lax|substandard|shoddy)(?: \w+)? (?:test(?:s|ing)?|"
        r"reviews?|"
        r"training|care|attention|communications?|planning|documentation|practices?|process(?:es)?|"
        r"procedures?|"
        r"coordination|preparation|strategy|design|oversight|sizing|diligence|understanding|maintenance|"
        r"execution|"
        r"implementation|configuration|choices?|work|job)|(?:improperly|inadequately|poorly|insufficiently) "
        r"(?:configured|tested|planned|reviewed|designed|sized|trained|documented|communicated|executed|"
        r"implemented|"
        r"written|maintained|monitored|handled)|adequate training",
        "Measures against a norm without naming it.",
        "State the measure, and the gap.",
        flagged=("It was due to inadequate testing.", "The probe was improperly configured."),
        left_alone=("Insufficient memory was left on the node.", "Poor connectivity slowed the link."),
    ),
    StarterRule(
        "rushed",
        r"(?:was|were|been|be|got|being) rushed(?: (?:out|through|into|to))?|rushed (?:out|through|into|"
        r"the|to (?:ship|"
        r"release|merge|deploy|production|fix)|mistakes?|changes?|releases?|deploy\w*)|hast(?:y|ily|iness)|"
        r"in haste|"
        r"(?:released?|shipped|deployed|merged|launched|enabled|declared|promoted|rolled out|put into "
        r"production|moved to production) (?:too (?:early|soon|quickly|fast)|prematurely)|premature "
        r"(?:release|"
        r"deploy\w*|launch|roll-?out|merge)|prematurely (?:released?|shipped|deployed|merged|launched|"
        r"declared)",
        "Judges the pace.",
        "“Released N minutes after …; the deadline was …”.",
        flagged=("The fix was rushed.", "It was shipped prematurely."),
        left_alone=("The connection closed prematurely.", "Rush hour traffic."),
    ),
    StarterRule(
        "obviously",
        r"needless to say,?|(?:it|that)(?: should)? goe?s? without saying(?: that)?,?|of course,?",
        "Obvious only afterwards.",
        "Leave it out, or say to whom it was visible, and where.",
        rewrite=LEAVE_OUT,
        flagged=("Of course, the cache was cold.", "It goes without saying that it was slow."),
    ),
    StarterRule(
        "obvious",
        r"(?:was|were|is|are|but|and|then|should|it) obviously(?: \w+)?|obviously,|(?:was|were|been|is) "
        r"(?:painfully "
        r"|quite |pretty |so )?obvious(?: that)?|everyone (?:knows|knew)|everybody (?:knows|knew)|common "
        r"sense|as "
        r"any(?:one|body) can see|clearly (?:showed?|shows|visible|indicated|wrong|should|stated|documented)|"
        r"any (?:competent|decent|reasonable|good) (?:engineer|developer|operator)|should be obvious",
        "Obvious only afterwards.",
        "Say to whom it was visible, and where.",
        flagged=("The flag was obviously wrong.", "Everyone knows that.", "The dashboard clearly showed it."),
        left_alone=("We saw nothing obviously wrong.",),
    ),
    StarterRule(
        "simply",
        r"(?:should|could|had|needed|would)(?: \w+)? (?:simply|just) (?:have |to )?\w+|(?:simply|just) "
        r"(?:needed|had) "
        r"to|(?:simply|just) (?:forgot|missed|ignored|failed|didn't|did not)",
        "Makes it sound easy, which it was not then.",
        "Say what the step took, and who knew of it.",
        flagged=("They just had to read the page.", "You could simply have asked."),
        left_alone=("We just removed the limit.",),
    ),
    StarterRule(
        "careful",
        r"(?:be|been|was|were|weren't|wasn't|is|are) (?:more|very|extra|extremely|much more|a lot more|not|"
        r"so) "
        r"(?:careful|cautious|vigilant|diligent|mindful)|be (?:careful|vigilant)(?: (?:when|with|about|in|"
        r"to|not))?|"
        r"more careful(?:ly)?(?: \w+ing| \w+ed| when| with| about| in| to)?|(?:pay|paid|paying) (?:more |"
        r"closer |"
        r"better |extra |proper |enough |little |no )?attention|take more care|more vigilan(?:t|ce)|(?:try|"
        r"tried|"
        r"trying) harder|double[- ]check next time",
        "Not an action: nothing will be different tomorrow.",
        "Name a guard, a check or a default.",
        flagged=("Everyone must be more careful.", "Pay attention to the flag."),
        left_alone=("A careful roll-out took an hour.",),
    ),
    StarterRule(
        "acts-on-people",
        rf"(?:be|been|are|were|was) reminded(?: (?:to|that|of|about))?|remind(?:ing|ed)? {_STAFF} (?:to|"
        rf"that|about)|"
        rf"re-?train(?:ed|ing)?(?: (?:for|of|on))? {_STAFF}|(?:security |privacy |refresher )?trainings? "
        rf"(?:for|of|to) "
        rf"{_STAFF}|(?:more|additional|further|extra|better|mandatory|refresher) training|"
        rf"(?:make|making) sure (?:that )?(?:people|everyone|everybody|we all|all {_STAFF}|(?:the |our "
        rf")?(?:engineers|"
        r"developers|team|staff|reviewers|operators)|nobody|no one) (?:\w+)|ensure (?:that )?(?:everyone|"
        rf"everybody|all {_STAFF}|people)|(?:clear |gentle |friendly |good )reminders?(?: that| to)?",
        "Acts on people instead of the system.",
        "Change the system, or the default.",
        flagged=("Engineers are reminded to check.", "Retrain the team.", "Make sure everyone reads it."),
        left_alone=("Make sure the pods start.", "The model was retrained."),
    ),
    StarterRule(
        "never-again",
        r"never(?:,? ever)? again|(?:must|will|can|should|may) never (?:ever )?happen(?: again)?|must not "
        r"happen again|"
        r"should be avoided in (?:the )?future|should never have happened",
        "Has no end state that anybody could check.",
        "A bounded action with an end state.",
        flagged=("This must never happen again.",),
        left_alone=("The retry never happened again in the log.",),
    ),
    StarterRule(
        "culprit-change",
        r"culprit (pr|pull request|merge request|commit|change|deploy\w*|patch|merge|release|migration)",
        "Looks for a guilty one.",
        "“Contributing factor”, “trigger”.",
        rewrite=r"triggering \1",
        flagged=("The culprit PR was reverted.",),
        left_alone=("Node 3 is the likely culprit.",),
    ),
    StarterRule(
        "blamed-on",
        r"blamed on",
        "Looks for a guilty one.",
        "“Contributing factor”, “trigger”.",
        rewrite="traced to",
        flagged=("It was blamed on the router.",),
        left_alone=("This postmortem is blameless.",),
    ),
    StarterRule(
        "responsible-for",
        r"responsible for (the|this|that) (outage|incident|failure|downtime|breakage|regression)",
        "Looks for a guilty one.",
        "“Contributing factor”, “trigger”.",
        rewrite=r"a contributing factor in \1 \2",
        flagged=("The change was responsible for the outage.",),
        left_alone=("The team is responsible for payments.",),
    ),
    StarterRule(
        "fault",
        r"(?:was|were|is|are|be|been) (?:at fault|to blame|guilty)|(?:the )?fault (?:of|lies with) (?:the |"
        r"our |an? )?"
        rf"(?:\w+ )?(?:author|{_WHO}|team|vendor|reviewer|user|customer|manager|person)|(?:my|his|her|"
        rf"their|our|your|"
        r"somebody's|someone's|\w+'s) (?:own )?fault|culprit (?:was|is) (?:an? |the |our )?(?:developer|"
        r"engineer|"
        r"operator|team|reviewer|person|colleague)|blam(?:e|ed|es|ing) (?:the|on|him|her|them|us|our|it on|"
        r"this on|"
        r"each other|people)|who(?:m)? to blame|on (?:my|our|his|her|their) part|no excuse|inexcusable|"
        r"unforgivable|"
        r"guilty of",
        "Looks for a guilty one.",
        "“Contributing factor”, “trigger”.",
        flagged=("It was his fault.", "The vendor was to blame.", "There is no excuse."),
        left_alone=("A page fault was raised.", "This postmortem is blameless.", "The segfault was ours."),
    ),
    StarterRule(
        "caused-by-person",
        rf"(?:caused|broken|botched) by (?:@[\w.-]+|{_WHO})|(?:issue|problem|error|outage|incident|failure|"
        rf"mistake|bug) "
        rf"(?:that was |was )?(?:made|created|caused|introduced|triggered) by (?:@[\w.-]+|an? user|the "
        rf"user|{_WHO})|"
        r"@[\w.-]+ (?:broke|caused|messed up|crashed|took down|brought down|screwed up)",
        "Names a person as the cause.",
        "The role and the condition: “an on-call engineer ran …, which the tool allowed”.",
        flagged=("It was caused by an engineer.", "@ana broke the build."),
        left_alone=("It was caused by a full disk.", "The row was created by the user."),
    ),
    StarterRule(
        "person-broke",
        r"(?:broke|messed (?:it )?up|screwed (?:it )?up|botched|blew up|took down|brought down|did (?:it |"
        r"this |"
        r"something )?wrong|confused|mistakenly \w+|wrongly \w+|made (?:\w+ ){1,3}(?:mistakes?|errors?))",
        "Names a person as the cause.",
        "What did the change or the command do, and what made it look right?",
        of_people=True,
        flagged=("Our team broke production.", "The admin mistakenly wiped it.", "She made a mistake."),
        left_alone=("The release broke production.", "The job was mistakenly marked as done."),
    ),
    StarterRule(
        "mistake",
        r"(?:made|making|make) (?:an?|the|some|this|that|\d+|two|several|many) (?:\w+ )?mistakes?|(?:my|"
        r"our|his|her|"
        r"their|your|its) (?:own |big |biggest |first )?mistakes?|(?:was|were|is) (?:an? |the )?(?:\w+ "
        r")?mistake|"
        r"(?:resulting|honest|careless|sloppy|simple|human|rushed|big|stupid|rookie|costly|grave) "
        r"mistakes?|mishandl\w+",
        "Judges by the outcome.",
        "Say which options were seen then, and on what grounds one was chosen.",
        flagged=("They made a mistake.", "It was our mistake."),
        left_alone=("The form was filled in.",),
    ),
    StarterRule(
        "by-mistake",
        r"by mistake",
        "Judges by the outcome.",
        "Say what made the other way look right.",
        rewrite="unintentionally",
        flagged=("The table was dropped by mistake.",),
    ),
    StarterRule(
        "wrong-call",
        r"(?:wrong|poor|bad|terrible|questionable) (?:decision|judge?ment|call|choice|assumption)s?",
        "Judges by the outcome.",
        "Say which options were seen then, and on what grounds one was chosen.",
        flagged=("It was a bad call.",),
        left_alone=("A call to the wrong service.",),
    ),
    StarterRule(
        "lack-of-care",
        r"lack(?:ed|ing|s)?(?: of)? (?:\w+ ){0,2}(?:care|attention|awareness|discipline|understanding|"
        r"knowledge|"
        r"experience|expertise|testing|training|diligence|judge?ment|communication (?:between|with|from|"
        r"about)|ownership|rigou?r|skills?)|"
        r"los[ts] situation(?:al)? awareness|complacen(?:t|cy)|too much trust|over-?confiden(?:t|ce)|too "
        r"(?:trusting|"
        r"confident)",
        "A label, not a finding.",
        "What was displayed, to whom, and when?",
        flagged=("It was a lack of awareness.", "We got complacent."),
        left_alone=("A lack of disk space.",),
    ),
    StarterRule(
        "why-did",
        r"why did(?:n't| not)? (?:you|he|she|they|we|no ?body|no one|any(?:one|body)|some(?:one|body)|"
        r"(?:the |our )"
        r"(?:\w+ )?(?:developers?|engineers?|team|operator|reviewers?|author|admin|person|on-call))(?: "
        r"not)?(?: \w+)?",
        "Asks for a defence.",
        "“How did it look at that point?”",
        flagged=("Why didn't you check?", "Why did the engineer skip it?"),
        left_alone=("Why did the queue grow?",),
    ),
    StarterRule(
        "root-cause",
        r"(?:the |a single |one |our |this |main |actual |real |true |ultimate )*root cause( (?:of|for|"
        r"behind) "
        r"(?:[\w'.-]+ ){0,8}?[\w'.-]+)? (was|is|were) (an?|the|that|our|due|caused|simply|in|because|"
        r"insufficient|lack|"
        r"missing|poor|human|bad|one)",
        "One cause is seldom the whole story.",
        "List the contributing factors.",
        rewrite=r"one contributing factor\1 \2 \3",
        flagged=("The root cause was a full disk.", "The root cause of the outage is the cache."),
        left_alone=("The root cause is not known yet.", "Several root causes can look alike."),
    ),
    StarterRule(
        "bad-change",
        r"bad (?:deploy(?:ment|s)?|changes?|code|commits?|push|merge|release|patch|pr)|broken code|shitty|"
        r"crappy",
        "A verdict where a description belongs.",
        "What did the change do, under which condition?",
        flagged=("That was a bad deploy.",),
        left_alone=("A bad gateway error.",),
    ),
    StarterRule(
        "broke-rules",
        r"violat(?:ed|ing|ion of) (?:the |our |company )?(?:polic(?:y|ies)|process(?:es)?|procedures?|"
        r"rules?|protocol)|"
        r"broke the rules?|against (?:the |our )?(?:rules|policy|procedure)|(?:did(?: not|n't)|not) "
        r"follow(?:ed|ing)? "
        r"(?:the |our |proper |established )*(?:process|procedures?|polic(?:y|ies)|protocol|runbook|rules|"
        r"checklist)|"
        r"(?:bypass|circumvent|skipp)(?:ed|ing) (?:the |our )?(?:process|procedure|review)",
        "Judges by a rule, and hides how work is done.",
        "How does the rule fit usual work, and what made the other way sensible?",
        flagged=("That violated the policy.", "The runbook was there but they did not follow the runbook."),
        left_alone=("The row violated the unique constraint.",),
    ),
    StarterRule(
        "animated",
        r"ridiculous(?:ly)?|insane(?:ly)?|(?:an?|complete|total|absolute|utter) disaster|disastrous(?:ly)?|"
        r"nightmares?|"
        r"horribl[ey]|horrific|horrendous|(?:feel |felt )?terrible|terribly wrong|appalling|catastrophe|"
        r"catastrophic (?:failure|"
        r"mistake|error|outage)|a mess|widespread panic|in a panic|shameful|embarrassing(?:ly)?|smoking "
        r"crater|"
        r"total chaos|unbelievabl[ey]",
        "Says how it felt rather than what was.",
        "A plain fact with a number.",
        flagged=("It was a nightmare.", "A complete disaster."),
        left_alone=("The disaster recovery plan was used.", "Chaos tests ran at night."),
    ),
    StarterRule(
        "luckily",
        r"luckily,?|thank goodness,?|(?:we|i|they) (?:were|was) (?:very |just |quite |really )?lucky(?: "
        r"that)?|by "
        r"(?:sheer |pure |dumb )?luck",
        "Says how it felt rather than what was.",
        "Move it to “where we got lucky”.",
        flagged=("Luckily, nobody was signed in.",),
        left_alone=("Where we got lucky",),
    ),
    StarterRule(
        "us-and-them",
        r"(?:the other team|other teams|those people|upper management|the business|management|leadership) "
        r"(?:had |has |"
        r"have )?(?:refused|insisted|forced|would not|wouldn't|never|decided|pushed|rushed|did not care|"
        r"didn't care)",
        "Us against them.",
        "Name the team by its role, and the constraint it had.",
        flagged=("Management insisted on the date.",),
        left_alone=("Incident management began at noon.",),
    ),
)
