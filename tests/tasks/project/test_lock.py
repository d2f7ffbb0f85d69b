import os
import socket
import subprocess
import sys
import threading

import pytest

from tasks.project.lock import locked

HOLD = """
import pathlib, sys, time
from tasks.project.lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_of_another_is_waited_for(tmp_path):
    (tmp_path / ".relion_lock").mkdir()
    release = threading.Timer(0.3, (tmp_path / ".relion_lock").rmdir)
    release.start()
    with locked(tmp_path, 10.0):
        assert (tmp_path / ".relion_lock").exists()
    assert not (tmp_path / ".relion_lock").exists()


def test_a_lock_of_another_is_never_broken(tmp_path):
    (tmp_path / ".relion_lock").mkdir()
    with pytest.raises(TimeoutError, match=r"\.relion_lock has been there"), locked(tmp_path, 0.1):
        pass
    assert (tmp_path / ".relion_lock").exists()


def test_the_lock_of_a_killed_process_of_ours_is_taken(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(TimeoutError), locked(tmp_path, 0.1):
        pass
    process.kill()
    process.wait()
    with locked(tmp_path, 0.5):
        assert (tmp_path / ".relion_lock").exists()
    assert not (tmp_path / ".relion_lock").exists()


@pytest.mark.parametrize(
    "signature", ["relion {host} {dead}", "cryoem-flows elsewhere {dead}", "cryoem-flows {host} {us}"]
)
def test_a_lock_that_may_be_held_stays(tmp_path, signature):
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / ".relion_lock").mkdir()
    text = signature.format(host=socket.gethostname(), dead=dead.pid, us=os.getpid())
    (tmp_path / ".relion_lock/lock_default_pipeline.star").write_text(text)
    with pytest.raises(TimeoutError), locked(tmp_path, 0.1):
        pass
