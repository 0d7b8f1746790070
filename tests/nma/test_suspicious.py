"""Tables that are well formed and wrong: each is refused, or said to be odd, before it is believed.

Expected effects are those of the inverse-variance method, worked out by hand.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evinet.errors import InputError
from evinet.nma.answers.record import cautions
from evinet.nma.data import patients as patient_data
from evinet.nma.network import Network


def read(tmp_path: Path, text: str, **options) -> Network:
    file = tmp_path / "data.csv"
    file.write_text(text, encoding="utf-8")
    return Network.read(file, **options)


def refused(tmp_path: Path, text: str, **options) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, **options).fit(effects="fixed")
    return str(caught.value)


def said(found: Network, **options) -> str:
    fit = found.fit(effects="fixed", **options)
    return "\n".join(cautions(fit, fit.summary()))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("column", ["mean", "se"])
def test_a_comma_between_thousands_is_no_decimal_comma(tmp_path, separator, column):
    rows = [["study", "treatment", "mean", "se"], ["A", "Placebo", "1250", "1040"],
            ["A", "Drug", "980", "1035"]]  # fmt: skip
    place = rows[0].index(column)
    rows[1][place] = rows[1][place].replace("1250", '"1,250"').replace("1040", '"1,040"')
    message = refused(tmp_path, "\n".join(separator.join(row) for row in rows))
    assert "thousands" in message
    assert rows[1][place].strip('"') in message


def test_decimal_commas_are_read_where_the_file_tells_that_they_are(tmp_path):
    commas = "study;treatment;mean;se\nA;Placebo;1,250;0,4\nA;Drug;0,980;0,35\n"
    points = commas.replace(",", ".")
    first, second = (read(tmp_path, text).arms for text in (commas, points))
    assert first["y"].tolist() == second["y"].tolist() == [1.25, 0.98]


def test_points_and_commas_in_one_file_are_refused(tmp_path):
    text = "study;treatment;mean;se\nA;Placebo;1.250;0,4\nA;Drug;980;0,35\n"
    assert "has a point, other numbers have a decimal comma" in refused(tmp_path, text)


@pytest.mark.parametrize("sign", ["-", "−", "–", "‑"])  # hyphen, minus, en dash, no-break
def test_every_sign_that_people_write_for_minus_is_one(tmp_path, sign):
    text = f"study,treat1,treat2,TE,seTE\nA,Drug,Placebo,{sign}0.20,0.1\n"
    assert read(tmp_path, text).contrasts.y.tolist() == [-0.2]


def test_a_bound_is_no_number(tmp_path):
    text = "study,treatment,comparator,or,p\nA,Drug,Placebo,0.6,<0.001\n"
    assert "is a bound" in refused(tmp_path, text)


@pytest.mark.parametrize("label", ["Total", "POOLED", "Overall:", "Summe"])
def test_a_row_of_totals_is_no_study(tmp_path, label):
    text = ("study,treat1,treat2,hr,lower,upper\nA,Drug,Placebo,0.7,0.5,0.98\n"
            f"{label},Drug,Placebo,0.7,0.5,0.98\n")  # fmt: skip
    assert "seems to be a total" in refused(tmp_path, text)


ARMS = ("study,treatment,r,n\nAbel,Placebo,9,140\nAbel,Drug,23,140\nBaker,Placebo,11,78\n"
        "Baker,Drug,12,85\n")  # fmt: skip


def test_a_sum_under_another_name_is_no_study(tmp_path):
    assert "is the sum of all other studies" in refused(
        tmp_path, ARMS + "Both,Placebo,20,218\nBoth,Drug,35,225\n"
    )


def test_one_study_under_two_names_is_told(tmp_path):
    text = ARMS + "Abel 2011,Placebo,9,140\nAbel 2011,Drug,23,140\n"
    assert "Abel and Abel 2011 have the same numbers" in said(read(tmp_path, text))
    assert "same numbers" not in said(read(tmp_path, ARMS))


def test_gross_heterogeneity_is_told_where_effects_are_fixed(tmp_path):
    """A hazard ratio of 0.70 typed as 70: Q is about 360 on 1 degree of freedom."""
    text = "study,treat1,treat2,hr,lower,upper\nA,Drug,Placebo,0.70,0.50,0.98\nB,Drug,Placebo,{}\n"
    wrong = read(tmp_path, text.format("70,50,98"))
    right = read(tmp_path, text.format("0.80,0.60,1.07"))
    assert "differ more than chance allows" in said(wrong)
    assert "differ more" not in said(right)


def test_a_standard_error_among_standard_deviations_is_told(tmp_path):
    text = ("study,treatment,mean,sd,n\nA,Placebo,-1.2,0.50,54\nA,Drug,-1.5,0.43,95\n"
            "C,Placebo,-1.0,{},60\nC,Drug,-1.8,{},62\n")  # fmt: skip
    assert "is one a standard error" in said(read(tmp_path, text.format(3.9, 4.1)))
    assert "standard error" not in said(read(tmp_path, text.format(0.9, 1.1)))


@pytest.mark.parametrize("named", ["se_log", "sehr"])
def test_a_standard_error_against_its_interval_is_refused(tmp_path, named):
    """ln(0.98 / 0.50) / (2 * 1.96) is 0.172; the limits of a 90 % interval would say 0.205."""
    text = f"study,treat1,treat2,hr,lower,upper,{named}\nA,Drug,Placebo,0.70,0.50,0.98,"
    assert "95 % limits say, 0.172" in refused(tmp_path, text + "0.30\n")
    assert np.sqrt(read(tmp_path, text + "0.17\n").contrasts.covariance[0, 0]) == 0.17


def test_the_standard_error_of_the_ratio_itself_may_stand_beside_its_interval(tmp_path):
    text = "study,treat1,treat2,hr,lower,upper,se\nA,Drug,Placebo,0.70,0.50,0.98,{}\n"
    found = read(tmp_path, text.format("0.12"))  # 0.172 * 0.70
    assert round(float(np.sqrt(found.contrasts.covariance[0, 0])), 3) == 0.172
    assert "95 % limits say" in refused(tmp_path, text.format("0.30"))


def test_an_effect_whose_rounding_decides_its_error_by_p_is_told(tmp_path):
    text = "study,treatment,comparator,or,p\nA,Drug,Placebo,0.62,0.001\nC,Drug,Placebo,1.02,0.04\n"
    lines = said(read(tmp_path, text))
    assert "C, Drug: the effect is so near none" in lines
    assert "A, Drug: the effect is so near none" not in lines


def test_limits_that_are_not_known_by_name_are_told(tmp_path):
    text = "study,treat1,treat2,hr,lower90,upper90\nA,Drug,Placebo,0.7,0.5,0.98\n"
    message = refused(tmp_path, text)
    assert "no effect has a standard error" in message
    assert "--level" in message
    assert "lower90" in message


def test_a_title_above_the_header_is_told(tmp_path):
    message = refused(tmp_path, "Table 2. Responses\n\n" + ARMS)
    assert "seems to be a title, and line 3 the header" in message


def test_the_common_arm_of_turned_rows_is_told(tmp_path):
    text = ("study,treat1,treat2,TE,seTE\nA,metf,acar,0.2,0.1\nA,metf,plac,-0.4,0.1\n"
            "B,plac,acar,0.1,0.2\n")  # fmt: skip
    assert "Turn rows so that metf is the comparator" in refused(tmp_path, text)


def test_the_same_mistake_in_many_rows_is_counted(tmp_path):
    rows = "".join(f"S{number},Drug,Placebo,high,0.1\n" for number in range(40))
    message = refused(tmp_path, "study,treat1,treat2,TE,seTE\n" + rows)
    assert len(message.splitlines()) == 11
    assert "and 30 more: is not a number" in message


def patients(seed: int = 1) -> pd.DataFrame:
    """Two exponential arms in two studies, censored at the end of 24 months."""
    rng = np.random.default_rng(seed)
    parts = [
        pd.DataFrame({"study": study, "treatment": treatment, "whole": rng.exponential(mean, 60)})
        for study in ("S1", "S2") for treatment, mean in (("Placebo", 15), ("Drug", 25))
    ]  # fmt: skip
    found = pd.concat(parts, ignore_index=True)
    found["time"] = found["whole"].clip(upper=rng.uniform(18, 24, len(found)))
    found["event"] = (found["whole"] == found["time"]).astype(int)
    return found.drop(columns="whole")


def test_odd_patients_are_told():
    from evinet.nma.data import patients as module

    def lines(frame: pd.DataFrame) -> str:
        built = module.build(module.read(frame), ["Placebo", "Drug"])
        return "\n".join(module.cautions(built))

    frame = patients()
    assert lines(frame) == ""
    flipped = frame.assign(event=1 - frame["event"])
    assert "coded the other way round" in lines(flipped)
    mine = (frame["study"] == "S2") & (frame["treatment"] == "Drug")
    days = frame.assign(time=frame["time"].where(~mine, frame["time"] * 30.4))
    assert "S2: the longest time of Drug" in lines(days)
    with pytest.raises(InputError, match="does not tell which is an event"):
        module.read(frame.assign(event=frame["event"] + 1))


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "\u2009", "'", "’"])
def test_signs_between_thousands_are_named_with_the_number_that_is_meant(tmp_path, blank):
    text = f"study;treatment;mean;se\nA;P;1{blank}250{blank}000;40\nA;D;980;35\n"
    assert "Write 1250000." in refused(tmp_path, text)


def test_the_column_that_has_another_decimal_sign_is_named(tmp_path):
    text = "study;treatment;dose;mean;se\nA;P;2.5;0,25;0,1\nA;D;5.0;0,5;0,1\n"
    assert "other numbers have a decimal point (column dose)" in refused(tmp_path, text)


def test_patients_are_counted_in_whole_numbers(tmp_path):
    text = "study;treatment;mean;sd;n\nA;P;120;15;1.250\nA;D;115;14;1.230\n"
    assert "n = 1.25: is not a whole number" in refused(tmp_path, text)


def test_a_bad_fit_of_counts_is_told_although_it_makes_pd_large(tmp_path):
    """An exposure of 1,030 typed as 1.03: residual deviance 148 for 4 points."""
    rows = ["A,P,28,{}", "A,D,24,985", "B,P,12,985", "B,D,14,990"]
    text = "\n".join(["study,treatment,events,exposure", *rows]) + "\n"
    assert "differ more than chance" in said(read(tmp_path, text.format("1.03")))
    assert "differ more than chance" not in said(read(tmp_path, text.format("1030")))


def test_each_row_with_an_error_of_a_ratio_and_no_interval_is_asked(tmp_path):
    text = ("study,treat1,treat2,hr,se,lower,upper\nA,D,P,0.70,,0.50,0.98\n"
            "B,D,P,2.5,0.45,,\n")  # fmt: skip
    message = refused(tmp_path, text)
    assert ":3: se" in message
    assert "of the ratio or of its logarithm" in message


@pytest.mark.parametrize(
    "label",
    ["Total (95% CI)", "Total events", "Pooled (fixed)", "Overall effect", "Random effects model",
     "Subtotal (95% CI)", "Somme", "Total général", "Gesamt (95%-KI)", "Σ"],
)  # fmt: skip
def test_rows_that_other_programs_add_below_the_studies_are_no_studies(tmp_path, label):
    text = ("study,treat1,treat2,hr,lower,upper\nA,Drug,Placebo,0.7,0.5,0.98\n"
            f"{label},Drug,Placebo,0.7,0.5,0.98\n")  # fmt: skip
    assert "seems to be a total" in refused(tmp_path, text)


@pytest.mark.parametrize("label", ["Overall Study Group 2001", "Totality", "Sumner 2004"])
def test_names_that_only_begin_like_a_total_are_studies(tmp_path, label):
    text = ("study,treat1,treat2,hr,lower,upper\nA,Drug,Placebo,0.7,0.5,0.98\n"
            f"{label},Drug,Placebo,0.8,0.6,1.07\n")  # fmt: skip
    assert label in read(tmp_path, text).studies


@pytest.mark.parametrize(("column", "measure"), [("hr", "MD"), ("rr", "OR"), ("logrr", "OR")])
def test_a_measure_against_the_name_of_its_column_is_refused(tmp_path, column, measure):
    text = f"study,treat1,treat2,{column},lower,upper\nA,D,P,0.7,0.5,0.98\n"
    assert "is not what the column" in refused(tmp_path, text, measure=measure)


def test_half_a_file_of_utf_16_is_told(tmp_path):
    file = tmp_path / "half.csv"
    file.write_bytes(ARMS.encode("utf-16")[:-1])
    with pytest.raises(InputError, match="is not text in utf-16"):
        Network.read(file)
    file.write_text(ARMS, encoding="utf-32")
    assert len(Network.read(file).studies) == 2


def test_a_frame_with_a_column_twice_is_told():
    frame = pd.DataFrame([["A", "a", "P", 1, 9], ["A", "a", "D", 2, 9]],
                         columns=["study", "Study", "treatment", "r", "n"])  # fmt: skip
    with pytest.raises(InputError, match=r"study = .*appears twice"):
        Network.read(frame)


@pytest.mark.parametrize(
    ("column", "first", "second", "remedy"),
    [("year", 2004, 2011, "Write the year into the study's name"),
     ("time", 6, 12, "keep the rows of one time"),
     ("Outcome", "death", "MI", "keep the rows of one Outcome"),
     ("subgroup", "men", "women", "write it into the study's name"),
     ("site", "a", "b", "The column site tells them apart"),
     ("n", 90, 80, "Give different studies different names")],
)  # fmt: skip
@pytest.mark.parametrize("outcome", ["r", "hr"])
def test_rows_of_one_treatment_are_refused_by_what_tells_them_apart(
    tmp_path, column, first, second, remedy, outcome
):
    """Two trials of one author would become one of four arms, with the opposite effect."""
    values = {"r": ("60", "150", "40", "6"), "hr": ("", "0.5", "", "0.7")}[outcome]
    rows = zip("PDPD", values, (first, first, second, second), strict=True)
    n = "" if column == "n" else ",400"
    text = f"author,treatment,{outcome},{column}{',n' if n else ''},lower,upper\n" + "".join(
        f"Smith,{arm},{value},{apart}{n},{',' if arm == 'P' or outcome == 'r' else '0.3,0.9'}\n"
        for arm, value, apart in rows
    )
    message = refused(tmp_path, text)
    if outcome == "r":
        assert remedy in message
        assert (
            "several years: 2004, 2011" in message or "P in lines 2, 4; D in lines 3, 5" in message
        )
    if column == "year":
        assert remedy in message


def test_pairs_of_one_study_are_refused_by_what_tells_them_apart(tmp_path):
    text = ("study,outcome,treat1,treat2,hr,lower,upper\nA,OS,X,P,0.7,0.5,0.98\n"
            "A,PFS,X,P,0.5,0.4,0.63\n")  # fmt: skip
    assert "keep the rows of one outcome" in refused(tmp_path, text)


def test_a_column_arm_tells_arms_of_one_treatment_apart(tmp_path):
    text = "study,treatment,arm,r,n\nA,P,1,3,50\nA,D,1,9,50\nA,D,2,8,50\n"
    assert len(read(tmp_path, text).arms) == 3
    assert "its own name in the column arm" in refused(tmp_path, text.replace("A,D,2", "A,D,1"))


@pytest.mark.parametrize("asked", [("P",), ("PASI50", "PASI75"), ("r", "PASI75")])
def test_categories_that_no_column_has_are_refused(tmp_path, asked):
    text = "study,treatment,r,n\nA,P,3,50\nA,D,9,50\n"
    message = refused(tmp_path, text, categories=asked)
    assert f"{asked[-1]} = '(absent)'" in message
    assert "there are study, treatment, r, n" in message
    effects = "study,treat1,treat2,hr,lower,upper\nA,D,P,0.7,0.5,0.98\n"
    assert "are columns of no table" in refused(tmp_path, effects, categories=asked)


def test_two_forms_of_one_name_in_unicode_are_one_treatment(tmp_path):
    text = "study,treatment,r,n\nA,Müller,3,50\nA,P,9,50\nB,Müller,4,60\nB,P,9,60\n"
    apart = [unicodedata.normalize(form, text.split("B,")[0]) for form in ("NFC", "NFD")]
    assert len(set(apart)) == 2
    mixed = apart[1] + "B," + "B,".join(text.split("B,")[1:])
    name = unicodedata.normalize("NFC", "Müller")
    for source in (mixed, text):
        found = read(tmp_path, source, reference=unicodedata.normalize("NFD", name))
        assert found.treatments == [name, "P"]
    frame = pd.DataFrame([["A", name, 3, 50], ["A", "P", 9, 50],
                          ["B", unicodedata.normalize("NFD", name), 4, 60], ["B", "P", 9, 60]],
                         columns=["study", "treatment", "r", "n"])  # fmt: skip
    assert set(Network.read(frame).treatments) == {name, "P"}


PAIRS = "study,treat1,treat2,hr,lower,upper{}\nA,X,P,0.5,0.3,0.9{}\nB,X,P,0.7,0.5,0.98{}\n"


def errors(found: Network) -> list[float]:
    return np.sqrt(np.diag(found.contrasts.covariance)).tolist()


def test_a_column_with_the_level_of_each_interval_is_read(tmp_path):
    mixed = read(tmp_path, PAIRS.format(",CI level", ",90", ",95%"))
    each = [read(tmp_path, PAIRS.format("", "", ""), level=level) for level in (90, 95)]
    assert errors(mixed) == [errors(each[0])[0], errors(each[1])[1]]
    assert "90 and 95 % limits" in mixed.readings[0]["said"][1]
    means = "study,treatment,mean,lower,upper,level\nA,P,5,4,6,90\nA,D,7,6,8,95\n"
    assert read(tmp_path, means).arms["se"].tolist() == pytest.approx([0.608, 0.510], abs=0.001)


@pytest.mark.parametrize(
    ("first", "second", "options", "message"),
    [("0.9", "95", {}, "is not a level of confidence"), ("3", "", {}, "is not a level"),
     ("95", "95", {"level": 90}, "is not the level asked for")],
)  # fmt: skip
def test_a_column_level_that_is_none_is_refused(tmp_path, first, second, options, message):
    text = PAIRS.format(",level", f",{first}", f",{second}")
    assert message in refused(tmp_path, text, **options)


def test_levels_as_shares_and_without_an_interval(tmp_path):
    shares = read(tmp_path, PAIRS.format(",level", ",0.9", ",0.95"))
    percent = read(tmp_path, PAIRS.format(",level", ",90", ",95"))
    assert errors(shares) == pytest.approx(errors(percent))
    text = "study,treatment,mean,sd,n,lower,upper,level\nA,P,5,2,40,,,1\nA,D,7,2,40,,,2\n"
    assert read(tmp_path, text).treatments == ["D", "P"]


def test_levels_in_words_are_of_something_else(tmp_path):
    assert errors(read(tmp_path, PAIRS.format(",level", ",high", ",low"))) == errors(
        read(tmp_path, PAIRS.format("", "", ""))
    )


def test_a_column_measure_says_what_effects_are(tmp_path):
    told = PAIRS.replace("hr", "ratio").format(",measure", ",Odds ratio", ",OR")
    assert read(tmp_path, told).measure == "OR"
    text = "study,treatment,comparator,diff,se,measure\nA,D,P,-1,0.3,{}\nB,D,P,-2,0.4,{}\n"
    assert read(tmp_path, text.format("MD", "mean difference")).measure == "MD"
    assert read(tmp_path, text.format("HAMD", "MADRS")).measure is None
    mixed = PAIRS.replace("hr", "ratio").format(",measure", ",OR", ",HR")
    assert "measure = 'OR, HR': are several measures" in refused(tmp_path, mixed)
    other = PAIRS.format(",measure", ",OR", ",OR")
    assert "is not what the column hr holds" in refused(tmp_path, other)
    assert "is not what the column measure tells" in refused(tmp_path, told, measure="HR")
    unclear = PAIRS.replace("hr", "effect").format(",measure", ",HR", ",HR")
    assert "may be HR or its logarithm" in refused(tmp_path, unclear)


def test_a_ratio_in_per_cent_is_told(tmp_path):
    text = "study,treat1,treat2,RR,lower,upper\nA,X,P,70,50,98\nB,X,P,12,8.5,17\n"
    found = read(tmp_path, text)
    assert found.readings[0]["cautions"] == ["A, X: a ratio of 70: is it in per cent?"]


@pytest.mark.parametrize("names", ["Treatment,Control", "Experimental,Control",
                                   "Intervention,Control group"])  # fmt: skip
def test_control_is_the_comparator_of_a_table_of_pairs(tmp_path, names):
    text = f"Study,{names},HR,95% CI lower,95% CI upper\nA,X,P,0.7,0.5,0.98\n"
    assert read(tmp_path, text).contrasts.rows == [("A", "X", "P")]
    arms = "study,treatment,control,r,n\nA,X,no,3,50\nA,P,yes,9,50\n"
    assert read(tmp_path, arms).treatments == ["P", "X"]


def test_pairs_without_a_known_comparator_are_told_what_columns_there_are(tmp_path):
    text = "Study,Treatment,Usual care,HR,LCL,UCL\nA,X,P,0.7,0.5,0.98\n"
    message = refused(tmp_path, text)
    assert "HR = '0.7'" in message
    assert "Usual care" in message


def test_an_effect_beside_outcomes_of_arms_is_not_passed_over(tmp_path):
    text = ("study,treatment,r,n,hr,lower,upper\nA,P,20,100,,,\nA,X,12,100,0.5,0.3,0.9\n"
            "B,P,,,,,\nB,X,,,0.7,0.5,0.98\n")  # fmt: skip
    message = refused(tmp_path, text)
    assert "data.csv:5: hr = '0.7'" in message
    assert "data.csv:3" not in message


def test_a_mean_that_is_not_in_the_middle_of_its_interval_is_told(tmp_path):
    text = "study,treatment,mean,lower,upper,n\nA,X,12,8,20,100\nA,P,20,9,30,100\n"
    (caution,) = read(tmp_path, text).readings[0]["cautions"]
    assert caution.startswith("A, X: the estimate is not in the middle of its interval")


def people(*units: float) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.concat([
        pd.DataFrame({"study": f"S{number}", "treatment": ["A", "B"] * 60,
                      "time": rng.exponential(10, 120) * unit, "event": [1, 1, 0, 0] * 30})
        for number, unit in enumerate(units)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("units", "odd"),
    [((1, 1, 30.4), {"S2": "S0"}), ((1, 12, 12), {"S0": "S1"}), ((7, 1), {"S0": "S1"}),
     ((1, 1, 3), {}), ((30.4, 1, 1, 365), {"S0": "S2", "S3": "S2"})],
)  # fmt: skip
def test_studies_whose_times_are_in_different_units_are_told(units, odd):
    network = Network.from_patients(people(*units))
    assert network.patients is not None
    found = [line for line in patient_data.cautions(network.patients) if "in one unit" in line]
    assert dict(re.match(r"(S\d): .*, of (S\d) ", line).groups() for line in found) == odd


def test_patients_with_rows_of_several_outcomes_are_refused():
    """As ADaM's ADTTE has them: each patient would count twice."""
    both = pd.concat([people(1).assign(PARAMCD=outcome) for outcome in ("OS", "PFS")])
    with pytest.raises(InputError, match="PARAMCD = 'OS': is one of several outcomes of S0: OS"):
        Network.from_patients(both)
    assert Network.from_patients(both[both["PARAMCD"] == "OS"]).studies == ["S0"]


def test_a_year_that_is_not_known_of_every_study_is_no_second_year() -> None:
    table = pd.DataFrame({
        "study": ["A", "B"], "treat1": "x", "r1": [1, 2], "n1": 20, "treat2": "y", "r2": [3, 4],
        "n2": 20, "year": ["2001", None],
    })  # fmt: skip
    assert Network.read(table).treatments == ["x", "y"]


@pytest.mark.parametrize("years", [("5.2", "6.1"), ("1999", "1999.0"), ("1", "2")])
def test_years_that_are_a_duration_or_one_year_tell_no_trials_apart(years: tuple[str, str]) -> None:
    table = pd.DataFrame({"study": "A", "treatment": ["x", "y"], "r": [1, 2], "n": 20,
                          "year": years})  # fmt: skip
    assert Network.read(table).treatments == ["x", "y"]


@pytest.mark.parametrize(
    ("effects", "line", "value"),
    [("0.3,1e-8 0.3,1e-8 0.1,0.2", 2, "1e-08"), ("0.3,1e6 0.5,1e-6 0.5,0.1", 3, "1e-06"),
     ("1e4,0.001 2e4,0.002 3e4,1", 2, "0.001")],
)  # fmt: skip
def test_precision_beyond_all_others_is_refused(tmp_path, effects, line, value):
    """Sums of what differs by twelve digits in its square have no digits left."""
    pairs = ("B,A", "C,A", "C,B")
    rows = [f"S{n},{pair},{told}" for n, (pair, told) in
            enumerate(zip(pairs, effects.split(), strict=True))]  # fmt: skip
    told = refused(tmp_path, "study,treat1,treat2,TE,seTE\n" + "\n".join(rows))
    assert (
        f"data.csv:{line}: seTE = {value}: is less than a millionth of the largest TE or seTE"
        in told
    )


def test_studies_with_one_content_are_named_together(tmp_path):
    rows = [f"S{n},B,A,0.3,0.1" for n in range(20)]
    told = said(read(tmp_path, "study,treat1,treat2,TE,seTE\n" + "\n".join(rows)))
    assert told.count("have the same numbers") == 1
    assert "S11 ... and S19 have the same numbers: one study 20 times?" in told


def test_an_effect_without_standard_error_is_left_out_on_request(tmp_path):
    text = "study,treat1,treat2,TE,seTE\nS1,B,A,0.3,\nS2,B,A,0.2,0.1\n"
    found = read(tmp_path, text, drop_incomplete=True)
    assert found.studies == ["S2"]
