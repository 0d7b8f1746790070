"""The words that the reader knows, as data: outcomes, sections, and what makes a value doubtful."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from re import IGNORECASE, compile


class Phrases:
    """A pattern that does not mind capitals.

    It is looked for in small letters, and its alternatives that start with a word are tried at the
    start of a word only: both make it some times faster than `re.IGNORECASE` alone.

    >>> Phrases(r"\\bitt\\b|intention[- ]to[- ]treat").find("The ITT population")
    'ITT'
    """

    def __init__(self, pattern: str) -> None:
        self._minds = "(?-i:" in pattern
        if self._minds:
            self._pattern = compile(pattern, IGNORECASE)
            return
        starts: list[str] = []
        others: list[str] = []
        for each in _alternatives(pattern):
            (starts if each.startswith(r"\b") else others).append(each)
        grouped = [rf"\b(?:{'|'.join(each[2:] for each in starts)})"] if starts else []
        self._pattern = compile(in_small("|".join([*grouped, *others])))

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """The matches, at their places in `text`; what they hold is in small letters."""
        return self._pattern.finditer(text if self._minds else small(text))

    def find(self, text: str) -> str:
        """The first phrase as `text` prints it, or nothing."""
        match = self._pattern.search(text if self._minds else small(text))
        return text[match.start() : match.end()] if match else ""


def small(text: str) -> str:
    """`text` in small letters, each at its place.

    >>> small("PFS İ")
    'pfs İ'
    """
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(each if len(each.lower()) > 1 else each.lower() for each in text)


def in_small(pattern: str) -> str:
    """A pattern of words in small letters."""
    if escape := re.search(r"\\[A-Z]", pattern):
        raise ValueError(f"{escape.group()} has another meaning in small letters")
    return pattern.lower().replace("(?p", "(?P")


def _alternatives(pattern: str) -> list[str]:
    """The alternatives of a pattern, those in brackets left together."""
    found, depth, start, klass = [], 0, 0, False
    for place, letter in enumerate(pattern):
        if place and pattern[place - 1] == "\\":
            continue
        if klass:
            klass = letter != "]"
        elif letter == "[":
            klass = True
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "|" and not depth:
            found.append(pattern[start:place])
            start = place + 1
    return [*found, pattern[start:]]


# --- outcomes: the slug, and how journals name it. The first that matches at a place holds. -------

_FREE = r"[- ]\s?free[- ](?:survival|interval)"
OUTCOMES = {
    "pfs2": r"\bPFS-?2\b|second progression[- ]free survival|progression[- ]free survival[- ]2\b"
    r"|second (?:objective )?disease progression",
    "pfs": rf"alive and progression[- ]free|progression[- ]free and alive|progression{_FREE}"
    rf"|\bm?PFS\b|(?:disease )?progression or death|death or"
    r" (?:disease )?progression",
    "os": r"overall survival|\bm?OS\b|death (?:from|due to) any cause|all-cause mortality"
    r"|\b(?:hazard (?:ratio )?(?:for|of)|risk of) death\b(?!,? or\b)",
    "ttp": r"times? to (?:tumou?r |disease )?progression|\bTTP\b",
    "ttf": r"times? to treatment failure|\bTTF\b",
    "dfs": rf"disease{_FREE}|\bDFS\b",
    "rfs": rf"(?:relapse|recurrence){_FREE}|\bRFS\b",
    "efs": rf"event{_FREE}|\bEFS\b",
    "mfs": rf"metastas[ie]s{_FREE}|\bMFS\b",
    "ffs": rf"failure{_FREE}|\bFFS\b",
    "dss": r"(?:disease|cancer|tumou?r|cause|melanoma|breast[- ]cancer)[- ]specific survival"
    r"|\bDSS\b|\bCSS\b",
    "orr": r"(?:objective|overall) (?:tumou?r )?(?:response|remission)(?: rates?)?|\bORRs?\b"
    r"|(?<!complete )(?<!pathological )(?<!partial )(?<!metabolic )response rates?",
    "dcr": r"disease[- ]control(?: rates?)?|\bDCRs?\b",
    "cr": r"complete (?:responses?|remissions?)(?: rates?)?",
    "primary-outcome": r"primary[- ](?:composite |efficacy )*(?:outcome|end[- ]?point)"
    r"(?: event)?s?",
    "survival": r"(?<!free )(?<!specific )(?<!free-)\bsurvivals?\b(?! (?:analys|curve|benefit|data"
    r"|time"
    r" was defined))",
}
SURVIVAL = ("pfs2", "pfs", "os", "ttp", "ttf", "dfs", "rfs", "efs", "mfs", "ffs", "dss",
            "primary-outcome")  # fmt: skip
COUNTED = ("orr", "dcr", "cr")

UNNAMED = "the outcome has no name that is known: it is called by its words"
"""Why a person must look at an outcome that none of these names tells."""
# Words right before an outcome that make it another one (`CNS progression-free survival`).
QUALIFIERS = (
    "CNS|intracranial|brain|neurological|local|locoregional|loco-regional|regional|distant|distal|"
    "radiographic|radiologic|radiological|biochemical|PSA|invasive|clinical|immune-related|hepatic|"
    "liver|symptomatic|bone|skeletal|post-progression|postprogression|treatment|freedom from|"
    "metabolic|complete|pathological|pathologic|confirmed CNS|extracranial|pelvic"
    "|graft-versus-host|"
    "GVHD|chemotherapy|quality-adjusted|restricted mean|conditional|second|relative|durable|graft|"
    "implant|allograft|invasive-disease|systemic|leukaemia|leukemia|molecular|ventilator|hospital|"
    "metastatic|transplant|transplantation|breast|in-hospital|late|colostomy|larynx|bladder-intact|prostate"
)
OTHER = (
    r"durations? of|follow[- ]?up|times? to (?!(?:tumou?r |disease )?progression|treatment failure)"
    r"\w+|time since|time from|\bage[ds]?\b|exposure|(?:mean|cumulative|total|median) dose"
    r"|dose intensity|\bcycles\b|quality of life|treatment duration|time on treatment"
    r"|\b[DT]O[RT]\b|deteriorat\w+|stable disease"
    r"|partial (?:response|remission)|pathologic\w* response|clinical benefit|\btoxicit\w+"
    r"|adverse|discontinu\w+|neutropeni\w+|non-?relapse mortality|treatment-related mortality"
    r"|cumulative incidence|odds ratios?|compliance|adherence|\bCR\b|\bPR\b|\bSD\b|\bTTR\b"
    r"|progressed|progressive disease|(?:secondary|co-primary|key) (?:efficacy )?(?:end[- ]?point"
    r"|outcome)s?|crossed over|crossover|subsequent|pain|score\b|response duration|hospitali[sz]"
    r"|remission|mortality|relapse\b(?![- ]free)|recurrence\b(?![- ]free)|local control"
    r"|\b[a-z]+[- ]free[- ](?:survival|interval|rate)s?|\b[a-z]+[- ]specific (?:survival|mortality)"
    r"|next treatment|graft survival"
)
_WORD_STARTS = r"(?:(?<![a-z0-9])|(?<=\bco)|(?<=\bnon)|(?<=\bpost))"
TOPIC = Phrases(
    _WORD_STARTS
    + "(?:"
    + "|".join(f"(?P<{name.replace('-', '_')}>{pattern})" for name, pattern in OUTCOMES.items())
    + f"|(?P<other>{OTHER}))"
)
_QUALIFIED = compile(rf"\b(?P<word>{QUALIFIERS})[- ](?:tumou?r )?$", IGNORECASE)


@lru_cache(maxsize=512)
def topics(text: str) -> tuple[tuple[int, int, str], ...]:
    """Where outcomes are named: start, end and slug; `other` is what the reader does not read."""
    found = []
    for match in TOPIC.finditer(text):
        name = str(match.lastgroup).replace("_", "-")
        before = _QUALIFIED.search(text, max(match.start() - 40, 0), match.start())
        risk = match.group().lower().startswith(("risk", "hazard"))  # `relative risk of death`
        if before and not risk and name not in ("other", "primary-outcome"):
            word = "-".join(re.findall(r"[a-z0-9]+", before["word"].lower()))
            name = f"{word}-{name}" if name in SURVIVAL or name == "survival" else "other"
        found.append((match.start(), match.end(), name))
    return tuple(found)


AGAIN = compile(
    r"\bcorresponding (?:\w+ )?(?:values|figures|numbers|results|medians?|rates?|percentages?"
    r"|proportions|times?|estimates?|(?:hazard )?ratios?)\b"
    r"|\b(?:the|these) (?:values|figures|medians) were\b",
    IGNORECASE,
)
"""What a sentence says instead of the outcome and the arms of the one before it."""

# --- sections ------------------------------------------------------------------------------------

_PLURAL = {
    "results": r"results?|findings|main results?|results and findings|efficacy|safety"
    r"|methods?(?: and | ?[/&] ?)(?:main |principal )?(?:results?|findings)",
    "methods": r"(?:patients?|materials?|subjects?|participants)? ?(?:and|&)? ?methods|methods?"
    r"|patients|design|participants|setting|interventions?|measurements|study design(?: and (?:"
    r"participants|patients|treatment))?|randomi[sz]ation and masking|procedures|outcomes?"
    r"|design, setting,? and participants|main outcomes? (?:and|measures?).{0,20}|trial design"
    r"|experimental design|data sources|statistical (?:analys[ie]s|methods)",
    "abstract": r"abstract|summary|synopsis",
    "introduction": r"introduction|background(?: and .{1,20})?|objectives?|purpose|aims?|context"
    r"|importance|rationale|aims? and background",
    "closed": r"(?:general )?discussion(?: and conclusions?)?|conclusions?(?: and (?:relevance|"
    r"implications?|discussion))?|conclusions? and .{1,25}|comments?|interpretations?|references?"
    r"|bibliography|limitations?|strengths? and limitations?|acknowledge?ments?|funding"
    r"|(?:declarations?|conflicts?) of interests?|competing interests?|contributors?"
    r"|authors?'? contributions?|data (?:sharing|availability).{0,20}|research in context"
    r"|evidence before this study|added value of this study|implications.{0,50}|perspectives?"
    r"|key (?:points|messages?)|clinical (?:implications?|significance|relevance)|editorial.{0,20}"
    r"|correspondence|disclosures?.{0,20}|supplementary .{0,30}|appendix|abbreviations"
    r"|role of the funding source|keywords?|key words|translational relevance|in context"
    r"|what is (?:already )?known.{0,40}|what this (?:study|paper) adds|future directions?"
    r"|related work|review of (?:the )?literature|primary funding source|trial registration"
    r"|registration|(?:plain language|patient|lay) summary|take.?home message|what's new.{0,20}"
    r"|relevance"
    r"|synthesis|summary and conclusions?|commentary|context and caveats|prior knowledge"
    r"|contribution|implications?|caveats?|ethics.{0,40}|highlights?|clinical trial.{0,30}",
}  # fmt: skip
_NUMBERED = r"^\W*(?:(?:\d{1,2}|[IVX]{1,4})(?:\.\d{1,2})*[.):]?\s+)?"
_ALONE = {
    name: compile(rf"{_NUMBERED}(?:{pattern})\s*[:.]*$", IGNORECASE)
    for name, pattern in _PLURAL.items()
}
_HEADS = (
    r"Background(?: and (?:aims?|purpose|objectives?))?|Purpose|Aims?|Objectives?|Introduction"
    r"|Importance|Context|Interpretation|Conclusions?(?: and relevance)?|Discussion|Comment|Funding"
    r"|Limitations?|Primary funding source|Trial registration|Registration"
    r"|Clinical trials?\.gov identifier|Patients and methods|Materials? and methods"
    r"|Methods?(?: and | ?[/&] ?)(?:main |principal )?(?:results?|findings)"
    r"|Methods?(?: and materials)?"
    r"|Methods/(?:patients|design)|Design(?:, setting,? and participants)?"
    r"|Setting|Patients|Participants|Interventions?|Measurements"
    r"|Main outcomes?(?: and| m)[^.:]{0,20}|Experimental design|Findings|Results?|Implications"
    r"|Significance|Added value of this study|Evidence before this study|Keywords?|Key words"
    r"|Strengths? and limitations?|Research in context|Discussion and conclusions?|References"
    r"|(?:Patient|Lay|Plain language) summary|Take.?home message|What this study adds"
)
INLINE = compile(
    rf"^\s*(?:ABSTRACT|SUMMARY|BODY|BACKGROUND)?[.: ]*(?P<word>{_HEADS})"
    r"(?P<stop>\s*[:—–-]\s*|\.\s+(?=(?-i:[A-Z\d]))|\s+(?=(?-i:[A-Z\d])[^.:]{12}))",
    IGNORECASE,
)
"""A heading at the start of a line that goes on with text."""
WITHIN = compile(
    rf"(?<=[.?!)\]] )(?P<word>{_HEADS})(?:\s?: | (?=(?-i:[A-Z][a-z]* [a-z\d]))"
    r"|(?<=(?-i:[A-Z]{4})) (?=(?-i:[A-Z\d])))",
    IGNORECASE,
)
"""A heading in the middle of a line, as where an abstract is one line."""


_WORDS = compile(
    r"result|finding|method|abstract|summary|introduc|background|discuss|conclu|comment|interpret|"
    r"referen|limit|strength|fund|acknowl|declar|interest|contrib|data|design|patient|participant|"
    r"setting|intervention|measure|outcome|objective|purpose|aim|context|importance|rationale|"
    r"synopsis|efficacy|safety|random|procedure|statistic|evidence|value|implication|perspective|key|"
    r"clinical|editorial|correspond|disclos|supplement|appendix|abbrev|relevance|what|future|related|"
    r"review|registration|language|message|synthesis|caveat|knowledge|ethic|highlight|bibliograph|"
    r"material|subject|conflict|experimental|trial",
    IGNORECASE,
)


def section(heading: str) -> str | None:
    """The kind of a section by its heading: results, methods, abstract, introduction, closed."""
    if len(heading) > 75 or heading.count(" ") > 8 or not _WORDS.search(heading):
        return None
    text = " ".join(heading.split())
    return next((name for name, pattern in _ALONE.items() if pattern.match(text)), None)


# --- what makes a value doubtful, and what is no result at all --------------------

ASIDES: dict[str, str] = {
    "another population": r"\bsub-?(?:group|set|population|stud)|\bamong\b|\bcarriers?\b"
    r"|mutations?\b"
    r"|\bmutant\b|wild[- ]type|amplifi|\bexpress(?:ion|ing|ed)\b|-(?:positive|negative|high|low)\b"
    r"|\b(?:positive|negative)\b|stratum|strata|\b(?:men|women|males?|females?|elderly)\b"
    r"|\baged\b|\byounger\b|\bolder\b|\b(?:in|for) (?:those|patients|participants|people|cases"
    r"|subjects|individuals) (?:with|without|who|whose|aged|treated (?:with|after|before)"
    r"|previously"
    r"|having|not|in|from|(?!receiving|taking|being|undergoing|using|given)\w+ing)\b"
    r"|\b(?:patients|those|participants|cases|subjects) "
    r"(?:who|whose|without|having)\b|naive\b|pre-?treated|\bmetasta(?:ses|sis|tic disease)\b"
    r"|\bresponders\b|\bnon-?responders\b|\b(?:high|low|intermediate)[- ]risk\b|\bstage [I1-4]"
    r"|\bhistolog|\bsquamous\b|\bECOG\b|\bperformance status\b|\b(?:Asian|white|black|Japanese"
    r"|Chinese|European|Western)\b|\bregion\b|\brash\b|\bgenotype|\bhaplotype|\bquartile|\btertile"
    r"|\b(?:KRAS|RAS|BRAF|EGFR|ALK|HER2|BRCA|PD-?L1|MSI|KIT|MGMT|IDH1?|HPV|p53|TP53|CPS|TPS|ER|PgR"
    r"|HRD)\b|\bmeasurable disease\b|\bresect(?:ed|ion|able)\b|\btransplant|\bsafety population"
    r"|\bcohort\b|\bcentres?\b|\bcountr|\bcompleters\b|\bcrossed over\b|\bstart(?:ed|ing) treatment"
    r"|\btarget population\b|\bsymptomatic\b|\bpostmenopausal\b|\bpremenopausal\b|\bpN\d|\bnode"
    r"|\b(?:class|type) [IVX1-4]"
    r"|\bfor (?!death|progress)[\w -]{3,40} (?:patients|tumou?rs|disease)\b"
    r"|\b(?:but|and|,) not (?:in|for|after|among|when|at) (?!(?:the )?(?:overall|progression"
    r"|disease|event|survival|death|primary|secondary|response|os\b|pfs\b|dfs\b))"
    r"|\bpatients of \d|\bwhen only\b|\bonly (?:in|for|after|when|among)\b",
    "another analysis": r"per[- ]protocol|(?<!un)\badjust(?:ed|ing|ment)|sensitivity|post[- ]?hoc"
    r"|exploratory|\blandmark\b|\binterim\b|\bupdated?\b|multi-?vari|uni-?vari|as[- ]treated"
    r"|(?<!not )\bevaluable\b|\bmodified\b|\bweighted\b|RPSFT|\bcensor(?:ed|ing)\b|\bimput"
    r"|\bmatched\b"
    r"|propensity|Bayesian|\bpredict|\bpooled\b|\bcombined analysis|\bretrospective|unplanned"
    r"|\beligible patients\b|\bcompeting\b|\brestricted mean\b|\blonger follow-?up\b|\bearlier"
    r" (?:analysis|cut)|\bfinal analysis\b|\bprimary analysis\b|\bsecond (?:interim|analysis)\b"
    r"|\b(?:investigator|local|central)(?:ly)?[- ]?(?:\w+ )?(?:assess\w*|review\w*)? "
    r"(?:gave|showed|yielded)|\bmore recent\b|\bat the time of (?:the )?(?:first|second)\b"
    r"|\bcompleted\b|\bsupplementary\b|\bsimulat|\bmodel(?:led|ing)\b|\bquality-adjusted\b",
    "another time or start": r"\b(?:prior|previous|last)(?: systemic| line of| prior)? (?:therap"
    r"|treatment|regimen)|\bafter progression|post-?progression|from (?:the )?(?:date of )?"
    r"(?:diagnosis|second|relapse|recurrence|progression|surgery|start of second)|since diagnosis"
    r"|second[- ]line|third[- ]line|salvage|subsequent|maintenance phase|\bsecond randomi[sz]ation"
    r"|after (?:crossover|surgery|transplant|relapse|recurrence|discontinu)|\bcross-?over\b"
    r"|\b(?:from|after|beyond|since) (?:week|month|day|year|cycle)s? "
    r"(?:\d|one|two|three|six|twelve)"
    r"|\bafter (?:one|two|three|more) (?:or more )?(?:lines?|regimens?)\b",
    "another trial": r"\b(?:previous|prior|earlier|another|other|historical|similar|recent|these"
    r"|two"
    r"|both|several|companion|pivotal|parallel)(?:ly)? (?:\w+ ){0,3}(?:stud(?:y|ies)|trials?"
    r"|reports?"
    r"|experience|data|series|literature|control)|\bhistorical\b|\bet al\b|meta-analys"
    r"|\breported by\b"
    r"|\bthat (?:trial|study)\b|\bstud(?:y|ies) (?:of|by) others|\(\d{4}\)|(?<!\d), "
    r"\d{4}[a-z]?\)|\bliterature\b"
    r"|\btrials of\b",
    "a trial by its name": r"\b(?:in|from|of) the (?-i:[A-Z][\w-]*[A-Z\d][\w-]*)[ -](?:trial"
    r"|study)",
    "a citation stands in it": r"\[cited\]",
    "a factor, not the treatment": r"prognos|\bassociat|\bcorrelat|\bfactors?\b|\bper (?:unit"
    r"|increase|\d)|biomarker|\binteraction\b|baseline (?!char)|\bpredictive|\bindependent(?:ly)? "
    r"(?:predict|assoc|prog)|\blevels?\b|\bconcentration|\bcox (?:model|regression)",
}
PART = Phrases(
    r"\bsub-?(?:group|set|population)s?\b|\bpopulation\b|\bcohort\b|\bcarriers?\b|\bmutations?\b"
    r"|\bmutant\b|wild[- ]type|-(?:positive|negative|high|low)\b|\bexpress(?:ing|ion)\b|\bamong\b"
    r"|\b(?:PD-?L1|CPS|TPS|EGFR|ALK|HER2|[KN]?RAS|BRAF|BRCA\d?|MSI|MGMT|HRD)\b|\bstrat(?:um|a)\b"
    r"|per[- ]protocol|\bevaluable\b|\banalysis set\b|\blook(?:ed)? at\b|\bpatients of \d"
    r"|\brandom\w* (?:\w+ )?again\b|\bre-?randomi[sz]|\bsecond randomi[sz]"
    r"|\binterim\b|\bupdated?\b|post[- ]?hoc\b|\bexploratory\b|\bsensitivity anal"
)
"""What in the sentence before may go on to be of part of the patients, or of another analysis."""
WHOLE = Phrases(
    r"\b(?:overall|total|whole|entire|full|intention-to-treat|intent-to-treat|ITT)[- ](?:\w+ )?"
    r"(?:population|analysis set|cohort)|\ball (?:randomi[sz]ed )?patients\b"
)
ASIDE = {reason: Phrases(pattern) for reason, pattern in ASIDES.items()}
PLANNED = Phrases(
    r"\bassum|\bpower(?:ed)?\b|sample size|hypothesi[sz]|anticipat|\bwould\b|\bexpected\b"
    r"|\bexpect\b"
    r"|to detect|\bdetect (?:a|an)\b|were required|was designed|threshold of|\btarget (?:hazard|HR)"
    r"|null (?:hypothesis|median)|\bprespecified (?:margin|boundary|threshold)|non-?inferiority "
    r"(?:margin|boundary|limit)|\bmargin (?:of|was|for)\b|\bupper (?:limit|bound) of .{0,60} "
    r"(?:less|"
    r"below|<)|\btarget(?:ed|ing)? (?:a|an|number)\b|\bcould be\b|\bexpectancy\b|\brequired\b"
    r"|\bto show (?:a|an)\b|\bminimum (?:detectable|clinically)"
)
GAIN = compile(
    r"(?:\b(?:benefits?|gains?|improve(?:s|d|ments?)|increase[sd]?|differences?|prolong(?:s|ed"
    r"|ation)|advantages?|reductions?|reduced|decrease[sd]?|longer|shorter|extend(?:s|ed)|delay(?:s|"
    r"ed)?|excess|added?|gained|superior|better|worse)\b(?:(?!median)[^.;:,()\d]){0,50}?\b(?:of|by|was|were|is)\s*"
    r"(?:only |about |approximately |more than |at least |almost )?$"
    r"|\b(?:by|another|additional|every|within|increments? of|differed by|absolute|up to|at least"
    r"|more than|less than|over|for|exceed(?:ed|ing)|minimum|maximum|first|last|next|after|until)"
    r"\s*(?:about )?$)",
    IGNORECASE,
)
"""What stands before a number that is a gain, a limit or a time, not an estimate."""
GAINED = compile(
    r"[ -](?:median )?(?:longer|shorter|later|earlier|more|less|benefits?|gains?|improvements?"
    r"|differences?|advantages?|prolongation|increases?)\b",
    IGNORECASE,
)
"""What stands behind one."""
NOT_RESPONSE = compile(
    r"stable disease|durable|complete|partial|pathologic|progressive|minor response|biochemical"
    r"|clinical benefit|PSA|symptom|molecular|non-?respon|metabolic|cytogenetic|unconfirmed",
    IGNORECASE,
)


@lru_cache(maxsize=512)
def asides(text: str) -> tuple[str, ...]:
    """Why values of this text may not be those of the trial's main comparison."""
    found = []
    for reason, pattern in ASIDE.items():
        if phrase := pattern.find(text):
            found.append(f"{reason} ({phrase.strip()})")
    return tuple(found)


# --- papers that are not the first report of one whole trial -------------------------------------

_PART = (
    r"sub-?analysis|sub-?study|post[- ]?hoc|(?:secondary|exploratory|ancillary|pooled|combined"
    r"|integrated) (?:\w+ ){0,2}(?:analysis|study)"
    r"|retrospective(?:ly)?(?! (?:studies|data|series|analyses|evidence|reports) )"
    r"|pooled (?:data|results)|meta-?analys[ei]s"
    r"|systematic review|individual[- ]patient[- ]data"
)
OTHER_PAPER = {
    "title": compile(
        rf"\b(?:{_PART}|sub-?groups?|sub-?sets?|review|role (?:of|in)|perspectives?|commentary"
        r"|lessons|overview|update[ds]?|protocol|study design|design of|extension|long[- ]term"
        r"|ancillary|nested|case (?:study|series)|baseline (?:data|characteristics)|combined data"
        r"|aggregation|cohort|registry|observational|real[- ]world"
        r"|prognostic|predict(?:s|ive|ors?|ion)|biomarkers?|polymorphisms?|cost[- ]effectiveness"
        r"|correlat\w+|associations?|(?<!-)associated with|pharmacokinetics?|rationale and design"
        r"|(?:two|three|four|five) (?:[\w-]+,? ){0,6}(?:trials|studies))\b",
        IGNORECASE,
    ),
    "abstract": compile(
        rf"\b(?:{_PART}|(?:this|present) review|we reviewed|long-term extension|pooled"
        r"|combined (?:data|analysis)|nested (?:with)?in|ancillary"
        r"|two (?:[\w-]+ ){0,4}(?:trials|studies)"
        r"|(?:this|present|our|report\w* an?) (?:[\w-]+ ){0,3}sub-?group (?:\w+ )?analysis)\b",
        IGNORECASE,
    ),
}
"""What in a title, or in an abstract before its results, tells another kind of paper."""
TITLE_ENDS = compile(
    r"\b(?:Abstract|ABSTRACT|Summary|SUMMARY|Background|BACKGROUND|Introduction|INTRODUCTION|Aims?"
    r"|Purpose|PURPOSE|Objectives?|OBJECTIVES?|Importance|IMPORTANCE|Context|Methods?|METHODS?"
    r"|Patients and methods|Design|Results?|RESULTS?|Findings|FINDINGS)\b\W*"
)
"""Where the title of a plain text ends."""
