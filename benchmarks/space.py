"""How quickly the Space starts and answers at the size of a large leaderboard, in a real browser.

    python -m benchmarks.space --quick     5,000 models by 100 tasks, few repetitions
    python -m benchmarks.space             the same, medians of five

One JSON object a line: figure, value, unit, what it is measured against, goal, whether it holds.
The scores are generated: binomial, from 200 to 2,000 questions a task, so their digits are as hard
to compress as real ones. The telephone is the browser's own slowing: processor ×4, 9 Mbit/s, 60 ms.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

SPACE = Path(__file__).parents[1] / "space"
SEED = 20_260
MODELS, TASKS = 5_000, 100
TELEPHONE = {"latency": 60, "downloadThroughput": 9e6 / 8, "uploadThroughput": 9e6 / 8}
WIDTHS = {"desktop": (1280, 900), "telephone": (390, 844)}
GOALS = {"usable desktop": 0.5, "usable telephone": 2.0}
INTERACTION_MS, FRAMES, HEAP_MB, PAYLOAD_MB, START = 50.0, 30.0, 40.0, 1.2, 3.5
READ_SECONDS = 120
REST = "performance.getEntriesByType('resource').filter((e) => e.name.includes('rest.bin'))"

# What a person does, timed from the event to the frame that shows its result.
ACT = """async ([id, value, times]) => {
  const frame = () => new Promise(requestAnimationFrame);
  const taken = [];
  for (let i = 0; i < times; i += 1) {
    await frame();
    const start = performance.now();
    if (id === 'sort') {
      const heads = document.querySelectorAll('#grid [role=columnheader][data-sort]');
      heads[1 + i % (heads.length - 1)].click();
    } else {
      const field = document.getElementById(id);
      const check = field.type === 'checkbox';
      if (check) field.checked = i % 2 === 0;
      else field.value = i % 2 ? '' : value + i;
      field.dispatchEvent(new Event(check ? 'change' : 'input'));
    }
    document.querySelector('#grid').offsetHeight;
    taken.push(performance.now() - start);
  }
  return taken;
}"""
SCROLL = """async ([way, step]) => {
  const scroller = document.getElementById('grid');
  const frames = [];
  let last = performance.now();
  for (let i = 0; i < 90; i += 1) {
    scroller[way] += step;
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - last);
    last = performance.now();
  }
  return frames;
}"""


def write_snapshot(folder: Path) -> None:
    """Half of the models are bases, the other half is made from them."""
    import pyarrow as pa
    from pyarrow import parquet

    chance = np.random.default_rng(SEED)
    n = chance.integers(200, 2000, size=TASKS)
    ability = np.repeat(chance.normal(0, 0.8, size=(MODELS + 1) // 2), 2)[:MODELS, None]
    truth = 1 / (1 + np.exp(-(ability + chance.normal(0, 0.5, size=TASKS))))
    value = chance.binomial(n, truth) / n
    half = 1.96 * np.sqrt(value * (1 - value) / (n - 1)) + 1e-4
    names = [f"lab-{i % 37}/model-{i // 2}{'-adapted' if i % 2 else ''}" for i in range(MODELS)]
    table = pa.table(
        {
            "model": np.repeat(names, TASKS),
            "group": np.tile([f"task {i}" for i in range(TASKS)], MODELS),
            "metric": ["accuracy"] * (MODELS * TASKS),
            "value": value.ravel(),
            "ci_low": (value - half).ravel(),
            "ci_high": (value + half).ravel(),
        }
    )
    folder.mkdir(parents=True)
    parquet.write_table(table, folder / "scores.parquet")
    models = [
        {
            "name": name, "parents": [names[i - 1]] if i % 2 else [], "licence": ["Apache-2.0"],
            "parameters": int(10 ** chance.uniform(8, 11)), "languages": ["fr"],
        }
        for i, name in enumerate(names)
    ]  # fmt: skip
    (folder / "models.json").write_text(json.dumps({"models": models}))
    (folder / "snapshot.json").write_text('{"date": "2026-07-01"}')


@contextmanager
def booted(space: Path) -> Iterator[tuple[str, float]]:
    """The address of `python app.py`, and the seconds until its first answer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)],
        cwd=space,
        env={k: v for k, v in os.environ.items() if not k.startswith(("HF_", "RESULTS_"))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        while not _answers(url):
            if process.poll() is not None:
                raise SystemExit("the Space does not start")
            time.sleep(0.02)
        yield url, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310, our own process
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until_read(url: str) -> None:
    deadline = time.monotonic() + READ_SECONDS
    while time.monotonic() < deadline:
        board = f"{url}/board.json"
        with urllib.request.urlopen(board, timeout=30) as answer:  # noqa: S310
            if json.load(answer)["status"] == "read":
                return
        time.sleep(0.2)
    raise SystemExit("the Space does not read the results")


def measure(browser: Any, url: str, device: str, times: int) -> Iterator[dict[str, Any]]:
    usable, whole, payloads, everything = [], [], [], []
    for _ in range(times):
        page, session = _open(browser, url, device)
        usable.append(float(page.get_attribute("html", "data-usable")) / 1000)
        page.wait_for_function(f"() => {REST}.length", timeout=60_000)
        whole.append(page.evaluate(f"{REST}[0].responseEnd") / 1000)
        payloads.append(_payload(page, "rest|intervals"))
        everything.append(_payload(page, "intervals"))
        page.close()
    goal = GOALS[f"usable {device}"]
    yield figure(f"table usable, {device}", statistics.median(usable), "s", goal)
    yield figure(f"every score read, {device}", statistics.median(whole), "s", None)
    yield figure(f"first payload, {device}", max(payloads), "MB", PAYLOAD_MB)
    yield figure(f"payload with every score, {device}", max(everything), "MB", PAYLOAD_MB)
    page, session = _open(browser, url, device)
    for what, argument in (("sort", ""), ("q", "model-1"), ("complete", "")):
        taken = page.evaluate(ACT, [what, argument, 20])
        name = {"sort": "sort", "q": "search", "complete": "filter"}[what]
        yield figure(f"{name} p95, {device}", float(np.percentile(taken, 95)), "ms", INTERACTION_MS)
    page.evaluate("document.getElementById('q').value = ''")
    for way, step in (("scrollTop", 400), ("scrollLeft", 120)):
        frames = page.evaluate(SCROLL, [way, step])
        rate = 1000 / statistics.mean(frames)
        yield figure(f"frames a second, {way}, {device}", rate, "1/s", FRAMES, least=True)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")
    heap = (used["usedSize"] + used.get("backingStorageSize", 0)) / 1e6
    yield figure(f"heap, {device}", heap, "MB", HEAP_MB)
    page.close()


def _payload(page: Any, without: str) -> float:
    """Megabytes that came over the line, without what these words name."""
    sizes = """(without) => performance.getEntriesByType('navigation').concat(
      performance.getEntriesByType('resource').filter((e) => !new RegExp(without).test(e.name)))
      .reduce((sum, e) => sum + e.transferSize, 0)"""
    return float(page.evaluate(sizes, without)) / 1e6


def _open(browser: Any, url: str, device: str) -> tuple[Any, Any]:
    width, height = WIDTHS[device]
    page = browser.new_page(viewport={"width": width, "height": height})
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    if device == "telephone":
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        session.send("Network.emulateNetworkConditions", {"offline": False, **TELEPHONE})
    # Usable: rows stand in the table and a frame has shown them.
    page.add_init_script("""new MutationObserver((_, watcher) => {
      if (!document.documentElement.dataset.ready) return;
      watcher.disconnect();
      requestAnimationFrame(() => setTimeout(() => {
        document.documentElement.dataset.usable = performance.now();
      }));
    }).observe(document, { subtree: true, childList: true, attributes: true });""")
    page.goto(url, wait_until="commit")
    page.wait_for_selector("html[data-usable]", timeout=60_000)
    if not page.locator("#grid .body [role=row]").count():
        raise SystemExit("the table has no rows")
    return page, session


def figure(
    name: str, value: float, unit: str, goal: float | None, least: bool = False
) -> dict[str, Any]:
    """`holds` is null where nothing is promised."""
    holds = None if goal is None else bool(value >= goal if least else value <= goal)
    against = f"{MODELS:,} models by {TASKS} tasks"
    return {
        "figure": name, "value": round(value, 3), "unit": unit, "against": against, "goal": goal,
        "holds": holds,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    times = 2 if parser.parse_args().quick else 5
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Debian's chromium is not installed")
    with tempfile.TemporaryDirectory() as scratch:
        space = Path(scratch) / "space"
        shutil.copytree(SPACE, space, ignore=shutil.ignore_patterns("__pycache__"))
        write_snapshot(space / "snapshot")
        starts = []
        for _ in range(times):
            with booted(space) as (_, seconds):
                starts.append(seconds)
        emit(figure("process to HTTP 200", statistics.median(starts), "s", START))
        with booted(space) as (url, _), sync_playwright() as running:
            wait_until_read(url)
            browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for device in WIDTHS:
                for found in measure(browser, url, device, times):
                    emit(found)
            browser.close()


def emit(found: dict[str, Any]) -> None:
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
