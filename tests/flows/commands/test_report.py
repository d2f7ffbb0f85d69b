from pathlib import Path

from typer.testing import CliRunner

from flows.__main__ import app
from tasks.ledger import Session, open_ledger, open_session


def test_the_report_of_a_session_is_written_and_named(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", url)
    open_session(open_ledger(url), Session(name="cm1", kind="tomography", folder=tmp_path / "cm1"))
    result = CliRunner().invoke(app, ["report", "cm1"], catch_exceptions=False)
    assert result.exit_code == 0
    page = Path(result.stdout.strip())
    assert page == tmp_path / "cm1" / "report" / "index.html"
    assert "<h1>cm1</h1>" in page.read_text()
