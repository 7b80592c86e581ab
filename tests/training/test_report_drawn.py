"""The drawings of the report: what is in them can be seen, as Chromium lays them out on a telephone."""

import html
import json
import re
import shutil
import subprocess

import pytest
from recursive_training.results import charts

# The report allows no script; the page around it measures.
_PAGE = """<iframe width="375" height="800" srcdoc="{report}"></iframe><pre></pre><script>
onload = () => {{
  const seen = document.querySelector("iframe").contentDocument;
  const [ahead, plot] = seen.querySelectorAll("svg.plot");
  const line = plot.querySelector(".retrodicted");
  const inside = [ahead, plot].map((one) => {{
    let points = 0;
    for (let x = 0; x <= 1000; x++) for (let y = 0; y <= 260; y += 5)
      points += one.querySelector(".band").isPointInFill(new DOMPoint(x, y));
    return points;
  }});
  document.querySelector("pre").textContent = JSON.stringify({{
    inside, line: line.getTotalLength(),
    marks: [...seen.querySelectorAll(".strip > *")].map((mark) => mark.getBoundingClientRect().width),
    strip: seen.querySelector(".strip").getBoundingClientRect(),
  }});
}};
</script>"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_four_hundred_windows_of_one_observation_are_seen(store, train, market, as_csv, tmp_path):
    store.put("datasets/m.csv", as_csv(market(480)))
    assert train("--batch-size-days", "1").code == 0
    report = store.result("report.html").decode()
    (tmp_path / "page.html").write_text(_PAGE.format(report=html.escape(report)))
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
    ]
    page = subprocess.run(
        [
            "chromium",
            *flags,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=2000",
            "--dump-dom",
            f"file://{tmp_path / 'page.html'}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    drawn = json.loads(re.findall(r"<pre>(.*)</pre>", page.stdout)[0])
    assert len(drawn["marks"]) == store.metrics()["variables"]["price"]["windows"] > 400
    assert min(drawn["marks"]) > 0
    assert sum(drawn["marks"]) > 0.7 * drawn["strip"]["width"]
    assert drawn["line"] > 12 * 4, "a dash for each of the last windows"
    assert min(drawn["inside"]) > 0, "of what comes next, and of the last windows"


def test_zero_has_no_sign_on_the_axis():
    ticks = charts.ranking([-0.1, 1.0]).value_ticks
    assert [tick.label for tick in ticks] == ["0", "0.5", "1"]
