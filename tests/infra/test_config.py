"""The configuration: what it accepts, and how it tells all that is wrong with it at once."""

import re
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from infra.config.load import FOLDER, ConfigError, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER, tmp_path / "config")
    return tmp_path / "config"


@pytest.fixture
def mistakes(folder: Path):
    """The lines of the message for an environment of this YAML."""

    def of(text: str, name: str = "mine") -> list[str]:
        (folder / f"{name}.yaml").write_text(text)
        with pytest.raises(ConfigError) as raised:
            load(name, folder)
        first, *lines = str(raised.value).splitlines()
        assert first == "The configuration is not valid, nothing was synthesized:"
        return lines

    return of


@pytest.mark.parametrize("name", [None, "default", "local", "prod.example"])
def test_what_we_ship_is_valid(name):
    load(name)


def test_an_environment_holds_only_its_differences(folder):
    (folder / "mine.yaml").write_text("profiles: {small: {attempts: 2}}\nledger: {retention_days: 30}\n")
    mine, default = load("mine", folder), load(None, folder)
    assert mine.profiles["small"].attempts == 2
    assert mine.profiles["small"].vcpus == default.profiles["small"].vcpus
    assert mine.ledger.retention_days == 30
    assert mine.queues == default.queues


def test_an_empty_environment_is_the_default(folder):
    (folder / "mine.yaml").write_text("# nothing differs\n")
    assert load("mine", folder) == load(None, folder)


def test_null_takes_an_entry_away(folder):
    (folder / "mine.yaml").write_text("profiles: {large: null}\n")
    assert set(load("mine", folder).profiles) == {"auto", "default", "small"}


def test_a_list_is_replaced_as_a_whole(folder):
    (folder / "mine.yaml").write_text("triggers: [{suffix: .csv, profile: small}]\n")
    assert [(t.prefix, t.suffix, t.profile) for t in load("mine", folder).triggers] == [
        ("datasets/", ".csv", "small")
    ]


MISTAKES = yaml.safe_load((Path(__file__).parent / "mistakes.yaml").read_text())


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_with_file_line_path_allowed_and_found(mistakes, what):
    mistake = MISTAKES[what]
    [line] = mistakes(mistake["environment"])
    told = re.fullmatch(r"- (\S+): (?P<path>\S+): allowed is (?P<allowed>.+); found (?P<found>.+)", line)
    assert told, line
    assert (told["path"], told["allowed"]) == (mistake["path"], mistake["allowed"])
    assert told["found"] == mistake["found"]
    file = f"config/mine.yaml:{mistake['line']}" if mistake["line"] else "config/default.yaml:"
    assert told[1] == file if mistake["line"] else told[1].startswith(file)


def test_all_mistakes_are_told_at_once_even_those_between_values(mistakes):
    lines = mistakes(
        "profiles:\n"
        "  default: {memory_mib: lots}\n"
        "  small: {queue: elsewhere}\n"
        "  mine: {vcpus: 1}\n"
        "alerts: {emails: [nobody]}\n"
        "triggers: [{profile: none}]\n"
        "colour: blue\n"
    )
    paths = {line.split(": ")[1] for line in lines}
    assert paths == {
        "colour",
        "profiles.default.memory_mib",
        "profiles.mine.memory_mib",
        "profiles.mine.timeout_seconds",
        "profiles.mine.queue",
        "profiles.small.queue",
        "alerts.emails[0]",
        "triggers[0].profile",
    }


def test_a_mistake_in_the_default_is_told_of_the_default(folder):
    file = folder / "default.yaml"
    file.write_text(file.read_text().replace("mode: public", "mode: vpn"))
    line = next(i for i, text in enumerate(file.read_text().splitlines(), 1) if "mode: vpn" in text)
    (folder / "mine.yaml").write_text("network: {cidr: nonsense}\n")
    with pytest.raises(ConfigError) as raised:
        load("mine", folder)
    assert f"config/default.yaml:{line}: network.mode" in str(raised.value)
    assert "config/mine.yaml:1: network.cidr" in str(raised.value)


@pytest.mark.parametrize("name", ["nowhere", "../local", "prices", "a/b", "", "x" * 100, "local\n"])
def test_an_environment_that_is_none_is_answered_with_those_there_are(folder, name):
    with pytest.raises(ConfigError) as raised:
        load(name, folder)
    assert "allowed is one of local, prod.example" in str(raised.value)


def test_a_key_said_twice_is_a_mistake(mistakes):
    [line] = mistakes("ledger: {retention_days: 30}\nledger: {retention_days: 40}\n")
    assert line == "- config/mine.yaml:2: ledger: allowed is each key once; found it twice"


def test_more_than_a_function_can_be_told_is_a_mistake(mistakes):
    tags = "\n".join(f"  key{i}: {'v' * 100}" for i in range(40))
    [line] = mistakes(f"ledger: {{retention_days: 30}}\ntags:\n{tags}\n")
    assert re.fullmatch(
        r"- config/mine.yaml:2: tags: allowed is less: at most 4096 bytes for all variables of a function; "
        r"found [4-9][0-9]{3} bytes, most of them in PULSE_TAGS",
        line,
    )


@pytest.mark.parametrize("text", ["tags: &t {me: *t}", "triggers: &t [{prefix: a}, *t]", "&all {tags: *all}"])
def test_a_value_that_holds_itself_is_a_mistake(mistakes, text):
    [line] = mistakes(text)
    assert re.match(r"- config/mine\.yaml:1: (tags|triggers)", line)
    assert line.endswith("found one to a value that it is a part of")


def test_the_same_alias_twice_is_none(folder):
    (folder / "mine.yaml").write_text(
        "profiles: {small: &p {vcpus: 1, memory_mib: 2048, timeout_seconds: 60, "
        "queue: pulse-retrodiction-job-queue}, a: *p, b: *p}\n"
    )
    assert {"small", "a", "b"} <= set(load("mine", folder).profiles)


@pytest.mark.parametrize("levels", [50, 200, 300, 5000])
def test_too_many_levels_are_a_mistake(mistakes, levels):
    [line] = mistakes("tags: " + "[" * levels + "]" * levels)
    assert line.startswith("- config/mine.yaml")


@pytest.mark.parametrize("text", ["profiles: [", "\tx: 1", "- a list", "just text"])
def test_what_is_not_a_mapping_in_yaml_is_a_mistake(mistakes, text):
    assert "config/mine.yaml" in mistakes(text)[0]


def test_what_was_found_is_shown_harmlessly(mistakes):
    [line] = mistakes('network: {mode: "\\e[31mred\\r\\n- config/local.yaml:1: fine"}\n')
    assert "\x1b" not in line
    assert "\r" not in line


def test_prices_are_dated_decimals_with_their_source():
    prices = load().prices
    assert prices.as_of <= datetime.now(UTC).date()
    assert prices.region == "us-east-1"
    assert prices.source.startswith("https://aws.amazon.com/")
    for rates in (prices.fargate.x86_64, prices.fargate.arm64):
        assert rates.vcpu_hour_usd > rates.gb_hour_usd > 0
    assert prices.fargate.arm64.vcpu_hour_usd < prices.fargate.x86_64.vcpu_hour_usd


def test_an_environment_in_another_region_has_its_own_prices(folder):
    text = "prices: {region: eu-central-1, fargate: {X86_64: {vcpu_hour_usd: '0.04656'}}}\n"
    (folder / "mine.yaml").write_text(text)
    prices = load("mine", folder).prices
    assert (prices.region, prices.fargate.x86_64.vcpu_hour_usd) == ("eu-central-1", Decimal("0.04656"))
    assert prices.fargate.arm64 == load(None, folder).prices.fargate.arm64


def test_a_mistake_in_the_prices_is_told_of_their_file(folder):
    file = folder / "prices.yaml"
    file.write_text(file.read_text().replace("region: us-east-1", "region: Virginia"))
    line = next(i for i, text in enumerate(file.read_text().splitlines(), 1) if "Virginia" in text)
    with pytest.raises(ConfigError) as raised:
        load("local", folder)
    assert f"config/prices.yaml:{line}: prices.region" in str(raised.value)


def test_what_a_calendar_month_may_cost_is_an_exact_amount(folder):
    (folder / "mine.yaml").write_text("budget: {monthly_usd: 500.10}\n")
    assert load("mine", folder).budget.monthly_usd == Decimal("500.10")
    assert load(None, folder).budget.monthly_usd == 20_000
    assert load(None, folder).request_defaults.max_cost_usd == 2_000
