"""What the page on tests shows passes as it is printed, in a project as the kit makes it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from pktvisor_sdk.scaffold import new_project

PAGE = Path(__file__).parents[2] / "docs/plugins/testing.md"


def test_the_examples_pass_as_they_stand(tmp_path: Path) -> None:
    project = new_project("handler", "hello", tmp_path)
    page = PAGE.read_text("utf-8")
    examples = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (project / "tests/test_page.py").write_text("\n\n".join(examples))
    path = os.pathsep.join([str(project / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "tests/test_page.py"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "test_a_minute_later_a_new_bucket_begins" in examples[-1]
