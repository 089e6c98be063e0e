"""Joules come from the counters of the parts that were used, or there are none."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.contract import Computation
from benchmark.corpus import Vocabulary
from benchmark.corpus.stream import TokenStream
from benchmark.measure import energy_counters
from benchmark.measure.energy import Energy, EnergyMeter
from benchmark.measure.energy_counters import (
    GPU,
    PACKAGE,
    Counter,
    gpu_counters,
    gpu_uuid,
    package_counters,
)
from benchmark.measure.parts import training_of_parts
from benchmark.measure.throughput import timed_scores
from benchmark.record.log import FileRunLog
from benchmark.run import execute
from benchmark.sweep.compose import collect

JOULE = 1_000_000  # in microjoules, as RAPL counts


class Clock:
    """A clock that tests set forward, in place of the machine's."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("measure.energy", "measure.throughput", "record.log"):
        monkeypatch.setattr(f"benchmark.{module}.time", SimpleNamespace(perf_counter=clock))
    return clock


@pytest.fixture
def powercap(tmp_path: Path) -> Callable[..., Path]:
    """A tree like that of Linux: `powercap({"intel-rapl:0": ("package-0", joules, range)})`."""

    def made(domains: dict[str, tuple[str, float, float]]) -> Path:
        for folder, (name, joules, most) in domains.items():
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / "name").write_text(f"{name}\n")
            (tmp_path / folder / "energy_uj").write_text(f"{joules * JOULE:.0f}\n")
            (tmp_path / folder / "max_energy_range_uj").write_text(f"{most * JOULE:.0f}\n")
        return tmp_path

    return made


class NVMLError(Exception):
    pass


def nvml(boards: dict[str, float | None], driver: bool = True) -> SimpleNamespace:
    """A stand-in of the module pynvml: joules by UUID, in NVML's order; None: not supported."""

    def init() -> None:
        if not driver:
            raise NVMLError("Driver Not Loaded")

    def total(uuid: str) -> int:
        joules = boards[uuid]
        if joules is None:
            raise NVMLError("Not Supported")
        return round(1000 * joules)

    return SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=init,
        nvmlDeviceGetCount=lambda: len(boards),
        nvmlDeviceGetHandleByIndex=lambda place: list(boards)[place],
        nvmlDeviceGetUUID=lambda handle: handle,
        nvmlDeviceGetTotalEnergyConsumption=total,
    )


def torch_with(*uuids: str) -> SimpleNamespace:
    """A stand-in of torch that sees these devices, in this order."""

    def properties(device: str) -> SimpleNamespace:
        return SimpleNamespace(uuid=uuids[int(device.removeprefix("cuda:"))])

    return SimpleNamespace(device=str, cuda=SimpleNamespace(get_device_properties=properties))


def metered(
    clock: Clock, powercap: Callable[..., Path], before: float, after: float, seconds: float
) -> float:
    """Joules of a CPU package whose counter goes from one value to another; its range is 1,000 J."""
    domains = {"intel-rapl:0": ("package-0", before, 1000)}
    meter = EnergyMeter(package_counters(powercap(domains)))
    powercap({"intel-rapl:0": ("package-0", after, 1000)})
    clock.now += seconds
    spent = meter.spent("cpu")
    return math.nan if spent is None else spent.joules


def test_a_package_is_charged_with_what_its_counter_counts(clock, powercap) -> None:
    assert metered(clock, powercap, 10.0, 42.5, 1.0) == pytest.approx(32.5)


def test_a_counter_that_starts_again_from_zero_goes_on(clock, powercap) -> None:
    assert metered(clock, powercap, 990.0, 15.0, 1.0) == pytest.approx(25.0)


def test_a_counter_that_may_have_wrapped_twice_tells_nothing(clock, powercap) -> None:
    assert math.isnan(metered(clock, powercap, 10.0, 42.5, 5.0))


def test_a_long_block_is_counted_by_readings_on_the_way(clock, powercap) -> None:
    joules = 900.0
    meter = EnergyMeter(package_counters(powercap({"intel-rapl:0": ("package-0", joules, 1000)})))
    for _ in range(20):
        joules = (joules + 150.0) % 1000
        powercap({"intel-rapl:0": ("package-0", joules, 1000)})
        clock.now += 1.5
        meter.poll()
    assert meter.spent("cpu") == Energy(pytest.approx(3000.0), PACKAGE)


def test_several_packages_add_up_and_their_parts_do_not_count_twice(clock, powercap) -> None:
    def tree(more: float) -> Path:
        return powercap(
            {
                "intel-rapl:0": ("package-0", 10 + more, 1000),
                "intel-rapl:0:0": ("core", 8 + more, 1000),
                "intel-rapl:1": ("package-1", 20 + 2 * more, 1000),
                "intel-rapl:1:0": ("dram", 3 + more, 1000),
                "intel-rapl:2": ("psys", 50 + 5 * more, 1000),
                "intel-rapl-mmio:0": ("package-0", 10 + more, 1000),
            }
        )

    meter = EnergyMeter(package_counters(tree(0)))
    tree(7)
    clock.now += 1
    assert meter.spent("cpu") == Energy(pytest.approx(21.0), "2 CPU packages")


def test_a_machine_that_counts_nothing_tells_nothing(clock, tmp_path) -> None:
    meter = EnergyMeter(package_counters(tmp_path / "none"))
    clock.now += 10
    assert meter.spent("cpu") is None
    assert meter.least_seconds("cpu") == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_counter_only_for_root_is_as_good_as_none(powercap) -> None:
    tree = powercap({"intel-rapl:0": ("package-0", 1, 1000)})
    (tree / "intel-rapl:0/energy_uj").chmod(0)
    assert package_counters(tree) == []


@pytest.mark.parametrize("broken", ["energy_uj", "max_energy_range_uj"])
def test_of_two_packages_one_alone_would_mislead(powercap, broken) -> None:
    tree = powercap({"intel-rapl:0": ("package-0", 1, 1000), "intel-rapl:1": ("package-1", 1, 1000)})
    (tree / "intel-rapl:1" / broken).unlink()
    (tree / "intel-rapl:1" / broken).mkdir()  # cannot be read, not even by root
    assert package_counters(tree) == []


def test_a_counter_that_stops_being_readable_takes_its_figure_with_it(clock, powercap) -> None:
    tree = powercap({"intel-rapl:0": ("package-0", 1, 1000)})
    meter = EnergyMeter(package_counters(tree))
    (tree / "intel-rapl:0/energy_uj").write_text("?")
    clock.now += 1
    assert meter.spent("cpu") is None


@pytest.fixture
def boards(monkeypatch) -> dict[str, float | None]:
    """Three GPUs, of which the program sees the last before the first. The second has no counter."""
    boards: dict[str, float | None] = {"GPU-aa": 1000.0, "GPU-bb": None, "GPU-cc": 5000.0}
    monkeypatch.setitem(sys.modules, "pynvml", nvml(boards))
    monkeypatch.setitem(sys.modules, "torch", torch_with("cc", "aa", "bb"))
    return boards


def test_a_gpu_is_known_by_its_uuid_and_not_by_its_number(clock, boards) -> None:
    meter = EnergyMeter(gpu_counters())
    boards.update({"GPU-aa": 1007.0, "GPU-cc": 5300.0})
    clock.now += 2
    assert meter.spent("cuda:0") == Energy(300.0, GPU)
    assert meter.spent("cuda:1") == Energy(7.0, GPU)
    assert meter.spent("cuda:2") is None  # not supported
    assert meter.spent("cpu") is None


def test_a_run_on_a_gpu_takes_the_packages_too_and_one_on_the_cpu_no_gpu(clock, boards, powercap) -> None:
    packages = package_counters(powercap({"intel-rapl:0": ("package-0", 10, 1000)}))
    meter = EnergyMeter([*gpu_counters(), *packages])
    boards["GPU-cc"] = 5300.0
    powercap({"intel-rapl:0": ("package-0", 30, 1000)})
    clock.now += 1
    assert meter.spent("cuda:0") == Energy(pytest.approx(320.0), "GPU board and CPU package")
    assert meter.spent("cpu") == Energy(pytest.approx(20.0), "CPU package")
    assert meter.spent("cuda:2") is None  # the packages alone would not be what the run took


def test_a_gpu_that_was_reset_meanwhile_has_no_figure(clock, boards) -> None:
    meter = EnergyMeter(gpu_counters())
    boards["GPU-cc"] = 3.0
    clock.now += 2
    assert meter.spent("cuda:0") is None


def test_what_is_too_short_for_the_counter_has_no_figure(clock, boards) -> None:
    meter = EnergyMeter(gpu_counters())
    clock.now += 0.9
    assert meter.spent("cuda:0") is None
    clock.now += 0.2
    assert meter.spent("cuda:0") == Energy(0.0, GPU)


def test_without_driver_or_package_there_are_no_gpus(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml({"GPU-aa": 1.0}, driver=False))
    assert gpu_counters() == []
    monkeypatch.setitem(sys.modules, "pynvml", None)  # as if not installed
    assert gpu_counters() == []


def test_the_real_package_says_so_where_there_is_no_driver() -> None:
    pynvml = pytest.importorskip("pynvml")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        assert gpu_counters() == []


def test_a_device_without_a_uuid_has_none(monkeypatch) -> None:
    assert gpu_uuid("cpu") is None
    no_uuid = SimpleNamespace(
        device=str, cuda=SimpleNamespace(get_device_properties=lambda device: SimpleNamespace())
    )
    monkeypatch.setitem(sys.modules, "torch", no_uuid)
    assert gpu_uuid("cuda:0") is None


class Package:
    """A CPU package that draws so many watts."""

    def __init__(self, clock: Clock, watts: float) -> None:
        self.counter = Counter(PACKAGE, "package-0", 0.001, lambda: clock.now * watts)


def test_energy_of_training_stops_with_its_clock(clock, tmp_path) -> None:
    meter = EnergyMeter([Package(clock, watts=50.0).counter])
    with FileRunLog(tmp_path, "a run", meter) as log:
        clock.now += 3  # reading the corpus
        log.start_clock()
        clock.now += 4
        with log.evaluation():
            clock.now += 100
            log.progress(1, 2)
        clock.now += 6
        assert log.training_seconds == pytest.approx(10.0)
        assert meter.spent("cpu") == Energy(pytest.approx(500.0), PACKAGE)


def test_parts_of_a_training_add_up_to_what_was_spent_in_them(clock, tmp_path) -> None:
    """Two components at 50 watts, of 4 and of 6 seconds, and 1 second that joins them."""
    meter = EnergyMeter([Package(clock, watts=50.0).counter])
    with FileRunLog(tmp_path, "a run", meter) as log:
        log.start_clock()
        with log.part("first"):
            clock.now += 4
            log.progress(100, 100)
        with log.part("second"):
            clock.now += 5
            with log.evaluation():
                clock.now += 100
            clock.now += 1
            log.progress(400, 400)
        clock.now += 1
        fields = training_of_parts(log.parts, meter, "cpu")
        assert fields["part_names"] == ["first", "second"]
        assert fields["part_seconds"] == pytest.approx([4.0, 6.0])
        assert fields["part_tokens"] == [100, 300]
        assert fields["part_joules"] == pytest.approx([200.0, 300.0])
        assert log.training_seconds == pytest.approx(11.0)
        assert meter.spent("cpu") == Energy(pytest.approx(550.0), PACKAGE)


def test_a_part_that_is_too_short_for_the_counter_has_no_energy(clock, boards, tmp_path) -> None:
    meter = EnergyMeter(gpu_counters())
    with FileRunLog(tmp_path, "a run", meter) as log:
        log.start_clock()
        for name, seconds in (("short", 0.5), ("long", 20.0)):
            with log.part(name):
                clock.now += seconds
                boards["GPU-cc"] = 5000.0 + 10 * seconds
        assert training_of_parts(log.parts, meter, "cuda:0")["part_joules"] == [None, 195.0]
        assert training_of_parts(log.parts, None, "cuda:0")["part_joules"] == []


def test_a_log_knows_whether_a_process_did_the_whole_training(monkeypatch, tmp_path) -> None:
    with FileRunLog(tmp_path, "a run", EnergyMeter([])) as log:
        log.start_clock()
        assert log.whole
        monkeypatch.setenv("WORLD_SIZE", "2")
        assert not log.whole
        monkeypatch.delenv("WORLD_SIZE")
        log.resumed(30.0, 100)
        assert not log.whole


class Scored:
    """A model whose scoring takes some seconds."""

    def __init__(self, clock: Clock, seconds: float, device: str) -> None:
        self.clock, self.seconds, self.calls = clock, seconds, 0
        self.scored_on = Computation(device)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        self.calls += 1
        self.clock.now += self.seconds
        return np.zeros(len(stream), np.float32)


@pytest.mark.parametrize(
    ("seconds", "device", "calls"), [(0.05, "cpu", 5), (0.4, "cpu", 3), (0.05, "cuda:0", 20)]
)
def test_energy_of_scoring_is_that_of_one_scoring(clock, monkeypatch, seconds, device, calls) -> None:
    gpu = Counter(GPU, "GPU-aa", 0.1, lambda: clock.now * 200)
    monkeypatch.setitem(sys.modules, "torch", torch_with("aa"))
    stream = TokenStream.from_ids(np.array([0, 1, 1]), Vocabulary(("</s>", "a"), np.array([1, 2])))
    model = Scored(clock, seconds, device)
    _, timed = timed_scores(model, stream, EnergyMeter([gpu, Package(clock, watts=50.0).counter]))  # type: ignore[arg-type]
    assert model.calls in (calls + 1, calls + 2)  # one warms up; sums of seconds are rounded
    watts = 50 if device == "cpu" else 250
    assert timed.energy is not None
    assert timed.energy.joules == pytest.approx(watts * seconds)
    assert timed.figures["score_tokens_per_second"] == pytest.approx(3 / seconds)


def test_counters_are_found_without_torch() -> None:
    code = "import sys\nfrom benchmark.measure.energy import EnergyMeter\nEnergyMeter().spent('cpu')\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "print({'torch', 'numpy'} & set(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("counted", [True, False])
def test_a_record_holds_what_the_machine_counts(monkeypatch, tmp_path, text_corpus, counted) -> None:
    watts = 50.0
    counter = Counter(PACKAGE, "package-0", 1e-9, lambda: time.perf_counter() * watts)
    monkeypatch.setattr("benchmark.measure.energy.energy_counters", lambda: [counter] if counted else [])
    (job,) = collect(["model=kneser_ney", *text_corpus, f"results_dir={tmp_path}", f"cache_dir={tmp_path}"])
    result = execute(job)
    assert result.status == "ok"
    assert result.train_joules_of == result.score_joules_of == (PACKAGE if counted else None)
    if counted:
        assert result.train_seconds is not None
        assert result.train_joules is not None
        assert 0 < watts * result.train_seconds <= result.train_joules < watts * (result.train_seconds + 1)
        assert (result.score_joules or 0) > 0
    else:
        assert result.train_joules is result.score_joules is None


@pytest.mark.gpu
def test_a_busy_second_on_a_gpu_costs_plausible_joules() -> None:
    import torch

    if not energy_counters.gpu_counters():
        pytest.skip("no GPU of this machine has an energy counter, or nvidia-ml-py is not installed")
    device = torch.device("cuda:0")
    matrix = torch.rand(4096, 4096, device=device)
    meter = EnergyMeter()
    begun = time.perf_counter()
    while time.perf_counter() - begun < 3:
        for _ in range(20):
            matrix = torch.tanh(matrix @ matrix)
        torch.cuda.synchronize(device)
    seconds = time.perf_counter() - begun
    spent = meter.spent("cuda:0")
    assert spent is not None
    assert spent.covers.startswith(GPU)
    assert 20 < spent.joules / seconds < 3000  # watts: an idle board takes more than the least of these
