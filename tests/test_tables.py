import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evinet import tables
from evinet.errors import InputError

ROW = {
    "trial": "a", "report": "primary", "outcome": "pfs", "arm": "x", "time": 2.0, "n": 10,
    "source": "s", "locator": "Fig 2",
}  # fmt: skip


def test_a_table_comes_back_as_it_was_written(tmp_path):
    frame = tables.AT_RISK.frame([{**ROW, "time": 4.0}, ROW])
    tables.AT_RISK.write(tmp_path / "at-risk.csv", frame)
    pd.testing.assert_frame_equal(tables.AT_RISK.read(tmp_path / "at-risk.csv"), frame)
    assert list(frame["time"]) == [2.0, 4.0]


@given(flag=st.sampled_from([True, False, None]), estimate=st.floats(1e-3, 1e3))
def test_flags_and_missing_values_come_back(tmp_path_factory, flag, estimate):
    path = tmp_path_factory.mktemp("t") / "contrasts.csv"
    row = {
        "trial": "a", "report": "r", "outcome": "pfs", "arm": "x", "comparator": "y",
        "measure": "hr", "estimate": estimate, "log_estimate": -1.0, "selected": True,
        "stratified": flag, "source": "s", "locator": "l",
    }  # fmt: skip
    tables.CONTRASTS.write(path, tables.CONTRASTS.frame([row]))
    back = tables.CONTRASTS.read(path).iloc[0]
    assert (pd.isna(back["stratified"]) and flag is None) or back["stratified"] == flag
    assert back["estimate"] == pytest.approx(estimate, rel=1e-11)
    assert pd.isna(back["lower"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n\n10\n", "the column is missing"),
        (",".join([*ROW, "extra"]) + "\n", "unknown column"),
        (",".join(ROW) + "\na,primary,pfs,x,2,ten,s,l\n", r":2: n = 'ten': is not integer"),
        (",".join(ROW) + "\na,primary,pfs,x,2,1.5,s,l\n", "Write a whole number"),
        (",".join(ROW) + "\na,primary,pfs,x,inf,1,s,l\n", r":2: time = 'inf': is not number"),
        (",".join(ROW) + "\na,primary,pfs,x,nan,1,s,l\n", r":2: time = 'nan': is not number"),
        (",".join(ROW) + f"\na,primary,pfs,x,2,{'9' * 40},s,l\n", r"is not integer"),
        (",".join(ROW) + "\na,primary,pfs,x\0,2,1,s,l\n", "control character"),
        (",".join(ROW) + "\na,primary,pfs,x,2,1,s,l,l,l\n", "more cells than the header"),
        ("", "is not a table"),
        (",".join(ROW) + "\na,primary,pfs,x,2,,s,l\n", r"at-risk.csv:2: n = '': the cell is empty"),
    ],
)  # fmt: skip
def test_a_bad_table_names_the_cell(tmp_path, text, message):
    (tmp_path / "at-risk.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        tables.AT_RISK.read(tmp_path / "at-risk.csv")


def test_a_row_with_an_unknown_column_is_refused():
    with pytest.raises(KeyError, match="at-risk has no column"):
        tables.AT_RISK.frame([{**ROW, "nn": 1}])


TEXTS = st.one_of(st.none(), st.text(st.sampled_from('ab ,";\n–é'), min_size=1))
CELLS = {
    "text": TEXTS, "flag": st.sampled_from([True, False, None]),
    "integer": st.one_of(st.none(), st.integers(-(10**9), 10**9)),
    "number": st.one_of(st.none(), st.integers(-99, 99), st.floats(-1e9, 1e9)),
}  # fmt: skip


@given(st.data())
@settings(max_examples=60)
def test_rows_are_written_as_their_frame_is(tmp_path_factory, data):
    table = data.draw(st.sampled_from(tables.ALL))
    columns = {name: CELLS[column.kind] for name, column in table.columns.items()}
    rows = data.draw(st.lists(st.fixed_dictionaries({}, optional=columns), max_size=5))
    folder = tmp_path_factory.mktemp("rows")
    table.write(folder / "frame.csv", table.frame(rows))
    table.write_rows(folder / "rows.csv", rows)
    assert (folder / "rows.csv").read_bytes() == (folder / "frame.csv").read_bytes()
