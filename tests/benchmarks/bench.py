"""Print packets per CPU second by phase and end to end, beside `tcpdump -nn` over the same file.

    python -m tests.benchmarks.bench [--packets 1000000] [--rounds 3]

Every figure is the best of the rounds, in CPU seconds (user and system) of this run; end to end
counts a whole process, start-up included, with peak anonymous memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.benchmarks.databases import write_databases
from tests.benchmarks.generate import HOSTS, generate

DATA = Path(__file__).parent / "data"
ALL_GROUPS = f"""
visor:
  taps: {{file: {{input_type: pcap, config: {{pcap_file: any, host_spec: "{HOSTS}"}}}}}}
  policies:
    all:
      kind: collection
      input: {{tap: file, input_type: pcap}}
      handlers:
        modules:
          net: {{type: net, metric_groups: {{enable: [all]}}}}
          dns: {{type: dns, metric_groups: {{enable: [all]}}}}
"""
TCPDUMP = "tcpdump -nn"
WHOLE = ("end to end", "with geo and ASN", "all metric groups")
COMMAND = [str(Path(sys.executable).with_name("pktvisor-pcap")), "-H", HOSTS]


def main() -> None:
    """Generate what is missing, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    DATA.mkdir(exist_ok=True)
    rates = {}
    for flood in (False, True):
        name = "flood" if flood else "mixed"
        path = DATA / f"{name}-{options.packets}.pcap"
        if not path.exists():
            generate(path, options.packets, flood=flood)
        print(f"{name}: {options.packets:,} packets, {path.stat().st_size / 1e6:.0f} MB")
        for phase, seconds in _phases(path, options.rounds).items():
            _line(phase, options.packets, seconds)
        best = _in_turn(_commands(path, flood=flood), options.rounds)
        for what, seconds in best.items():
            _line(what, options.packets if what in WHOLE else 0, seconds)
        rates[name] = options.packets / best["end to end"]
        more = best["with geo and ASN"] / best["end to end"] - 1
        print(f"  places and networks cost {more:.1%} more")
        print(f"  peak anonymous memory {_peak_anonymous([*COMMAND, str(path)]) / 1024:.0f} MB")
        if not flood:
            _against_tcpdump(best)
    print(f"flood rate / mixed rate: {rates['flood'] / rates['mixed']:.0%}")


def _line(what: str, packets: int, seconds: float) -> None:
    per_packet = (
        f"{packets / seconds:14,.0f} packets/s {seconds / packets * 1e9:7.0f} ns" if packets else ""
    )
    print(f"  {what:28}{seconds:7.3f} s{per_packet}")


def _commands(path: Path, *, flood: bool) -> dict[str, list[str]]:
    commands = {
        "end to end": [*COMMAND, str(path)],
        "with geo and ASN": [*COMMAND, *_databases(), str(path)],
    }
    if not flood:
        commands["all metric groups"] = [*_all_groups(), str(path)]
        commands["start-up"] = [*COMMAND, str(_tiny())]
        tcpdump = shutil.which("tcpdump")
        if tcpdump is not None:
            commands[TCPDUMP] = [tcpdump, "-nn", "-r", str(path)]
    return commands


def _in_turn(commands: Mapping[str, list[str]], rounds: int) -> dict[str, float]:
    """CPU seconds of each command, the best of three times a round.

    They go in turn, as a machine may change its pace in between, and equally often, as the best of
    many is better.
    """
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(3 * rounds):
        for what, command in commands.items():
            best[what] = min(best[what], _cpu(command))
    return best


def _against_tcpdump(best: Mapping[str, float]) -> None:
    if TCPDUMP not in best:
        print("  tcpdump is not installed: no ratio")
        return
    ours, every = (best[what] / best[TCPDUMP] for what in ("end to end", "all metric groups"))
    print(f"  ratio to {TCPDUMP}: {ours:.4f}, all groups {every:.4f}")


def _phases(path: Path, rounds: int) -> dict[str, float]:
    """CPU seconds of each phase by itself, in this process, over the same batches."""
    best: dict[str, float] = {}
    for _ in range(rounds):
        for phase, seconds in _one_round(path).items():
            best[phase] = min(seconds, best.get(phase, seconds))
    return best


def _one_round(path: Path) -> dict[str, float]:
    from pktvisor.batches import Hosts, decode
    from pktvisor.captures import open_capture
    from pktvisor.engine.attachment import Attachment
    from pktvisor.engine.settings import PolicySettings
    from pktvisor.metrics import MetricSettings
    from pktvisor.plugins import Plugins
    from pktvisor.stages import STAGES, stages_for
    from pktvisor.streams import HandlerContext
    from pktvisor.streams.specs import resolve
    from pktvisor.windows import Window

    spent = {"scan": 0.0, "decode": 0.0, "dns messages": 0.0, "net": 0.0, "dns": 0.0}
    plugins, hosts = Plugins(), Hosts.parse(HOSTS)
    stages = [STAGES[name]() for name in stages_for({"dns_messages"})]
    attachments = {}
    for name in ("net", "dns"):
        spec = plugins.handler(name)
        settings = MetricSettings(groups=spec.bucket.default_groups())
        handler = resolve(spec.factory)(spec.config(), HandlerContext(settings))
        window = Window(spec.bucket, settings, PolicySettings().periods)
        attachments[name] = Attachment(name, spec, handler, window)

    def timed(phase: str, work: Callable[[], object]) -> object:
        began = time.process_time()
        result = work()
        spent[phase] += time.process_time() - began
        return result

    with open_capture(path) as reader:
        source: Iterator[object] = iter(reader)
        while (records := timed("scan", lambda: next(source, None))) is not None:
            batch = timed("decode", lambda: decode(records, hosts))
            for stage in stages:
                batch.add_stage(timed("dns messages", lambda: stage.run(batch)))
            for name, attachment in attachments.items():
                timed(name, lambda: attachment.feed(batch))
    for attachment in attachments.values():
        attachment.finish(0)
    return spent


def _databases() -> list[str]:
    city, asn = DATA / "city.mmdb", DATA / "asn.mmdb"
    if not (city.exists() and asn.exists()):
        write_databases(city, asn)
    return ["--geo-city", str(city), "--geo-asn", str(asn)]


def _all_groups() -> list[str]:
    path = DATA / "all-groups.yaml"
    path.write_text(ALL_GROUPS)
    return [COMMAND[0], "--config", str(path)]


def _cpu(command: list[str]) -> float:
    """CPU seconds of a command, its output thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _peak_anonymous(command: list[str]) -> int:
    """The largest RssAnon of a command, in KiB, looked at every 2 ms."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        for line in status.splitlines():
            if line.startswith("RssAnon"):
                peak = max(peak, int(line.split()[1]))
        time.sleep(0.002)
    process.wait()
    return peak


def _tiny() -> Path:
    path = DATA / "tiny.pcap"
    if not path.exists():
        generate(path, 100)
    return path


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
