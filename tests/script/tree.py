"""Runs a check of script/ on a tree of files made for one test."""
import pathlib
import subprocess
import tempfile

SCRIPTS = pathlib.Path(__file__).parents[2] / "script"


def run_on(script, files, *arguments):
    """The lines that the script prints for a tree of {path: text}; it must fail when it prints any."""
    with tempfile.TemporaryDirectory() as tree:
        for name, text in files.items():
            path = pathlib.Path(tree, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("@TREE@", tree))
        command = [SCRIPTS / script, *(a.replace("@TREE@", tree) for a in arguments), tree]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.stderr or result.returncode != (1 if result.stdout else 0):
            raise AssertionError(f"exit code {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout.splitlines()
