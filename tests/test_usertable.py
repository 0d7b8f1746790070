"""Tables as other programs write them."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from evinet import usertable
from evinet.errors import InputError, Problem

HEADER, ROWS = ["Arm", "Time", "Survival"], [["Çe, 1", "0", "1"], ["b", "1.5", "0.25"]]


def written(separator: str, comma: bool = False, quote: str = '"') -> str:
    lines = []
    for row in [HEADER, *ROWS]:
        cells = [cell.replace(".", ",") if comma else cell for cell in row]
        lines.append(separator.join(f"{quote}{cell}{quote}" if "," in cell and separator == ","
                                    else cell for cell in cells))  # fmt: skip
    return "\n".join(lines) + "\n"


def read(tmp_path: Path, content: str | bytes) -> list[list[str]]:
    file = tmp_path / "table.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    frame = usertable.read(file, ["arm", "time", "survival"])
    problems: list[Problem] = []
    numbers = [usertable.numbers(frame, name, problems) for name in ("time", "survival")]
    assert not problems
    return [list(row) for row in zip(frame["arm"], *numbers, strict=True)]


EXPECTED = [["Çe, 1", 0.0, 1.0], ["b", 1.5, 0.25]]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends(tmp_path, separator, encoding, end):
    assert read(tmp_path, written(separator).replace("\n", end).encode(encoding)) == EXPECTED


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_decimal_commas(tmp_path, separator):
    assert read(tmp_path, written(separator, comma=True)) == EXPECTED


def test_excels_line_that_names_the_separator(tmp_path):
    assert read(tmp_path, "sep=;\n" + written(";")) == EXPECTED


def test_blanks_between_cells(tmp_path):
    assert read(tmp_path, "# by hand\n\narm  time survival\nb   1.5\t0.25\n") == EXPECTED[1:]


def test_empty_rows_and_columns_are_skipped_and_lines_counted_as_in_the_file(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("\nstudy,n,,\n\n,,,\nA,1,,\n , ,,\nB,2,,\n")
    frame = usertable.read(file)
    assert list(frame.columns) == ["study", "n"]
    assert frame.index.tolist() == [5, 7]


@pytest.mark.parametrize(
    "content", ['"","study","n"\n"1","A",1\n"2","B",2\n', '"study" "n"\n"1" "A" 1\n"2" "B" 2\n']
)
def test_row_names_of_r_are_left_out(tmp_path, content):
    (tmp_path / "r.csv").write_text(content)
    frame = usertable.read(tmp_path / "r.csv", ["study", "n"])
    assert frame.to_numpy().tolist() == [["A", "1"], ["B", "2"]]


def test_cells_under_no_name_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("study,\nA,\nB,2\n")
    with pytest.raises(InputError, match=r"t\.csv:3: column 2 .*no name"):
        usertable.read(tmp_path / "t.csv")


def test_a_workbook(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    for row in [[None] * 4, [*HEADER, None], ["Çe, 1", 0, 1.0], [None], ["b", 1.5, 0.25]]:
        sheet.append(row)
    sheet.append([0.1 + 0.2])
    sheet.delete_rows(6)
    book.create_sheet("empty")
    book.save(tmp_path / "book.xlsx")
    assert read(tmp_path, (tmp_path / "book.xlsx").read_bytes()) == EXPECTED
    assert usertable.read(tmp_path / "book.xlsx").index.tolist() == [3, 5]
    book["empty"]["A1"] = "more"
    book.save(tmp_path / "book.xlsx")
    with pytest.raises(InputError, match="several sheets"):
        usertable.read(tmp_path / "book.xlsx")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("a,b,a\n1,2,3\n", "twice"),
        ("arm,time,survival\na,1,2,3\n", "4 cells under a header of 3"),
        ("arm,time\n0,5,0,98\n1,5,0,97\n", "decimal commas"),
        ("armtimesurvival\na\n", "no separator"),
        ("arm,time,S\na,1,1\n", "survival.*missing"),
        (b"\x00\x01\x02,\x00", "is not text"),
        (b"%PDF-1.4", "not text"),
        (b"PK\x03\x04 no", "not an XLSX"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_by_name(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        usertable.read(tmp_path / "no.csv")


def test_a_cell_that_is_no_number_is_named_with_its_line(tmp_path):
    (tmp_path / "t.csv").write_text("Arm;Time\na;1,5\n\nb;soon\nc;NA\n")
    problems: list[Problem] = []
    found = usertable.numbers(usertable.read(tmp_path / "t.csv"), "time", problems)
    assert [(problem.line, problem.field, problem.value) for problem in problems] == [
        (4, "Time", "soon")
    ]
    assert np.isnan(found.loc[5])


def test_thousands_are_not_taken_for_decimals(tmp_path):
    (tmp_path / "t.csv").write_text("arm;time\na;1,500\nb;2.5\n")
    problems: list[Problem] = []
    usertable.numbers(usertable.read(tmp_path / "t.csv"), "time", problems)
    assert [problem.value for problem in problems] == ["1,500"]


@pytest.mark.parametrize(
    ("text", "doubted"),
    [
        ("arm,e\na,1.250\nb,980\n", ["1.250"]),
        ("arm;e\na;1.250\nb;1.180\n", ["1.250", "1.180"]),
        ("arm;e\na;12.500\nb;980\n", ["12.500"]),
        ("arm,e\na,1.250\nb,1.180\n", []),  # as a program writes three decimals
        ("arm,e\na,1.250\nb,98\n", []),
        ("arm,e\na,1.250\nb,980.5\n", []),
        ("arm;e;se\na;1.250;0.125\nb;980;0.25\n", []),  # other numbers have decimal points
    ],
)
def test_points_that_may_part_thousands_are_refused(tmp_path, text, doubted):
    (tmp_path / "t.csv").write_text(text)
    problems: list[Problem] = []
    usertable.numbers(usertable.read(tmp_path / "t.csv"), "e", problems)
    assert [problem.value for problem in problems] == doubted


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.text("aZé 1,;.-\t", max_size=5), min_size=3, max_size=3), min_size=2, max_size=6
    ),
    st.sampled_from([",", ";", "\t"]),
)
def test_whatever_csv_writes_is_read_back(tmp_path_factory, rows, separator):
    import csv

    rows = [["x", "y", "z"], *rows]
    file = tmp_path_factory.mktemp("csv") / "t.csv"
    with open(file, "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter=separator).writerows(rows)
    found = usertable.cells(file)
    assert found.rows == [
        [cell.strip() for cell in row] for row in rows if any(map(str.strip, row))
    ]


@pytest.mark.parametrize(
    ("text", "cause"),
    [("study treatment r n\nKEYNOTE 024 X 1 20\nKEYNOTE 024 P 3 20\n", "have a blank"),
     ('study treatment r n\n"A" Drug X 1 20\n"A" Drug P 3 20\n', "have a blank"),
     ("study treatment r n\nKEYNOTE 024 X 1 20\nOAK P 3 20\n", "have a blank"),
     ("study\ttreatment\tr\nA\tX\t1\t\nA\tP\t3\t\n", "ends in tabs"),
     ("study\ttreatment\tr\nx\tA\tX\t1\nx\tA\tP\t3\n", "first column seems to have no name"),
     ("study,treatment,r\nSmith, 1999,X,12\nSmith, 1999,P,20\n", '"Smith, 1999"'),
     ("study,treatment,r\nSmith, 1999,X,12\nLee 1999,P,20\n", '"Smith, 1999"'),
     ("study,treatment,hr\nSmith, J,X,0.7\nLee, K,P,0.8\n", '"Smith, J"'),
     ("study,treatment,r\nA,X,12,\nA,P,20,\n", "ends in commas"),
     ('"study","treatment","r"\n"1","A","X",12\n"2","A","P",20\n', "R's row names"),
     ("study,treatment,r\nA,X,12,99\nA,P,20\n", "Give every row the cells"),
     ("study,treatment,hr\nA,X,0,7\nA,P,0,8\n", "decimal commas")],
)  # fmt: skip
def test_a_cell_too_many_is_put_down_to_its_cause(tmp_path, text, cause):
    file = tmp_path / "table.txt"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        usertable.read(file)
    assert cause in str(caught.value)
    assert ("decimal" in str(caught.value)) == ("decimal" in cause)


@pytest.mark.parametrize(
    "text",
    ["study treatment r\n1 A X 1\n2 A P 3\n", '"study" "treatment" "r"\n"a b" "A" "X" 1\n'
     '"c" "A" "P" 3\n', "study\ttreatment\tr\n1\tA\tX\t1\n2\tA\tP\t3\n",
     '"","study","treatment","r"\n"1","A","X",1\n"2","A","P",3\n'],
)  # fmt: skip
def test_row_names_as_r_writes_them_are_left_out(tmp_path, text):
    file = tmp_path / "table.txt"
    file.write_text(text)
    frame = usertable.read(file)
    assert frame[["study", "treatment", "r"]].to_numpy().tolist() == [list("AX1"), list("AP3")]
