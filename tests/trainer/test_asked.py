"""What is asked of the trainer: by a person on the command line, and by the service."""

from pathlib import Path

import pytest

from streamer.training.record import Wish
from trainer.commands import add_parser, train_options
from trainer.options import TrainOptions
from trainer.parser import Parser


def understood(*arguments: str) -> TrainOptions:
    parser = Parser(prog="trainer")
    add_parser(parser.add_subparsers())
    return train_options(parser.parse_args(["train", "pictures", "--name", "kinds", *arguments]))


@pytest.mark.parametrize("label", ["courier", "red, large", "--resume", "=", "a b", "été", '"', "none"])
def test_the_trainer_is_asked_for_the_classes_that_a_person_chose(label: str) -> None:
    wish = Wish(name="kinds", labels=[label, "other"], fine_tune=True, balanced=True, seed=4)
    options = understood(*wish.arguments())
    assert options.division.labels == (label, "other")
    assert options.tuning.epochs > 0
    assert (options.recipe.balanced, options.recipe.epochs, options.seed) == (True, 60, 4)


def test_classes_by_a_list_and_one_by_one() -> None:
    said = ("--labels", "cat, dog", "--label", "bird, small", "--label", "fish")
    assert understood(*said).division.labels == ("cat", "dog", "bird, small", "fish")


@pytest.mark.parametrize(
    ("said", "size"), [("4GB", 4 * 10**9), ("1.5GiB", 3 * 2**29), ("512 mib", 2**29), ("1000", 1000)]
)
def test_how_much_memory(said: str, size: int) -> None:
    assert understood("--memory", said).machine.memory == size


def test_the_data_folder_is_the_set_where_it_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert understood().data == Path("sightline-data")
    (tmp_path / "pictures" / "snapshots").mkdir(parents=True)
    assert understood().data == Path("pictures")
