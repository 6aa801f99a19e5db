"""Detection files in, results out; a wrong line is named."""

import subprocess
import sys
from pathlib import Path

import pytest
from score import Score, rows, score

from streamer.cli import main

GOOD = "1,-1,100,100,50,120,0.9,-1,-1,-1"


def track(*arguments: object) -> int:
    return main(["track", *map(str, arguments)])


def test_results_are_lines_of_the_motchallenge(tmp_path: Path) -> None:
    lines = [f"{frame},-1,{100 + 2 * frame}.5,100,50,120,0.9,-1,-1,-1" for frame in (1, 2, 3, 5, 6)]
    (tmp_path / "det.txt").write_text("\n".join([*lines, "", ""]))
    assert track(tmp_path / "det.txt", "--out", tmp_path / "out.txt") == 0
    assert (tmp_path / "out.txt").read_text().splitlines() == [
        f"{frame},1,{100 + 2 * frame}.50,100.00,50.00,120.00,0.9000,-1,-1,-1" for frame in (2, 3, 5, 6)
    ]


def test_every_nth_frame_keeps_its_number(tmp_path: Path) -> None:
    lines = [f"{frame},-1,100,100,50,120,0.9" for frame in range(1, 22)]
    (tmp_path / "det.txt").write_text("\n".join(lines))
    assert track(tmp_path / "det.txt", "--out", tmp_path / "out.txt", "--every", 5, "--fps", 25) == 0
    assert [int(line.split(",")[0]) for line in (tmp_path / "out.txt").read_text().splitlines()] == [
        6,
        11,
        16,
        21,
    ]


def test_an_empty_file_gives_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text("")
    assert track(tmp_path / "det.txt", "--out", tmp_path / "out.txt") == 0
    assert (tmp_path / "out.txt").read_text() == ""


FORMAT = "frame, id, x, y, width, height, confidence"
WRONG = {
    "too few": ("1,-1,100,100,50,120", f"expected {FORMAT}, received '1,-1,100,100,50,120'"),
    "words": ("1,-1,left,100,50,120,0.9", f"expected {FORMAT}, received '1,-1,left,100,50,120,0.9'"),
    "spaces": ("1 -1 100 100 50 120 0.9", f"expected {FORMAT}, received '1 -1 100 100 50 120 0.9'"),
    "frame 0": ("0,-1,1,1,5,5,1", "expected a frame number from 1 to 10000000, received 0"),
    "half a frame": ("1.5,-1,1,1,5,5,1", "expected a frame number from 1 to 10000000, received 1.5"),
    "far frame": ("1e12,-1,1,1,5,5,1", "expected a frame number from 1 to 10000000, received 1e12"),
    "nan frame": ("nan,-1,1,1,5,5,1", "expected a frame number from 1 to 10000000, received nan"),
    "no width": ("1,-1,1,1,0,5,1", "expected a box of positive size, received '1,-1,1,1,0,5,1'"),
    "nan": ("1,-1,nan,1,5,5,1", "expected a box of positive size, received '1,-1,nan,1,5,5,1'"),
    "infinity": ("1,-1,1,1,5,5,inf", "expected a box of positive size, received '1,-1,1,1,5,5,inf'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_line_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    line, message = WRONG[what]
    (tmp_path / "det.txt").write_text(f"{GOOD}\n\n{line}\n{GOOD}\n")
    assert track(tmp_path / "det.txt", "--out", tmp_path / "out.txt") == 2
    assert capsys.readouterr().err == f"sightline: {tmp_path}/det.txt:3: {message}\n"
    assert not (tmp_path / "out.txt").exists()


def test_what_cannot_be_read_or_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert track(tmp_path / "none.txt", "--out", tmp_path / "out.txt") == 2
    assert capsys.readouterr().err == f"sightline: {tmp_path}/none.txt: No such file or directory\n"
    assert track(tmp_path, "--out", tmp_path / "out.txt") == 2
    assert capsys.readouterr().err == f"sightline: {tmp_path}: Is a directory\n"
    (tmp_path / "picture").write_bytes(bytes(range(256)))
    assert track(tmp_path / "picture", "--out", tmp_path / "out.txt") == 2
    assert (
        capsys.readouterr().err
        == f"sightline: {tmp_path}/picture: expected text of {FORMAT}, received other bytes\n"
    )
    (tmp_path / "det.txt").write_text(GOOD)
    assert track(tmp_path / "det.txt", "--out", tmp_path / "no" / "out.txt") in (1, 2)
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("value", ["0", "-5", "nan", "inf", "fast"])
def test_a_frame_rate_is_above_zero(tmp_path: Path, value: str) -> None:
    with pytest.raises(SystemExit) as caught:
        track(tmp_path / "det.txt", "--out", tmp_path / "out.txt", f"--fps={value}")
    assert caught.value.code == 2


def test_the_scores_are_those_of_a_sequence_done_by_hand() -> None:
    """Two objects, four frames: one miss, one false positive, one switch."""
    import numpy as np

    truth = np.array([[f, i, 100 * i, 50, 40, 80, 1] for f in (1, 2, 3, 4) for i in (1, 2)], float)
    found = truth.copy()
    found[truth[:, 1] == 2, 1] = 7
    found[-1, 1] = 8  # a switch
    found[0, 2] = 900  # a miss, and a false positive
    assert score(found, truth) == Score(
        mota=1 - 3 / 8, idf1=pytest.approx(2 * 6 / 16), switches=1, misses=1, false_positives=1, identities=3
    )


@pytest.mark.realdata
@pytest.mark.parametrize(("every", "mota", "idf1"), [(1, 0.70, 0.77), (5, 0.66, 0.75)])
def test_real_people_are_followed(
    tmp_path: Path, test_data: Path, every: int, mota: float, idf1: float
) -> None:
    sequence = test_data / "tracking" / "TUD-Stadtmitte"
    out = tmp_path / "out.txt"
    assert track(f"{sequence}.det.txt", "--out", out, "--fps", 25, "--every", every) == 0
    reached = score(rows(out), rows(Path(f"{sequence}.gt.txt")), every)
    assert reached.mota >= mota
    assert reached.idf1 >= idf1


def test_the_command_needs_no_second_to_complain(tmp_path: Path) -> None:
    """The detector's and the pictures' libraries are not loaded for a file that cannot be read."""
    code = f"import sys, streamer.cli as cli; cli.main(['track', {str(tmp_path / 'no')!r}, '--out', 'x']); "
    code += "sys.exit('supervision' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
