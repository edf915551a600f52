"""The recipe of src/store/postgres/README.md: the files that are in it, as they are in it."""

import pathlib
import re

from machines import DOCUMENTED, ISOLATED, PREFIX


class Recipe:
    """Code blocks whose first line is a comment that begins with a path, by that path."""

    def __init__(self, readme, folder):
        text = pathlib.Path(readme).read_text()
        self.folder = pathlib.Path(folder)
        blocks = re.findall(r"^```\w+\n([#;] (/[\w./-]+).*?)^```", text, re.DOTALL | re.MULTILINE)
        self.files = {path: block for block, path in blocks}

    def write(self, path, machine, replacements):
        """Writes a file of the recipe for this machine, with what is elsewhere here replaced."""
        text = self.files[path].replace(DOCUMENTED, PREFIX)
        if not ISOLATED:
            # Whoever connects from the loopback interface does so from its first address.
            text = re.sub(rf"{PREFIX}\d+/\d+", "127.0.0.0/8", text)
        for old, new in replacements.items():
            if old not in text:
                raise SystemExit(f"FAILED: the recipe's {path} has no {old}")
            text = text.replace(old, str(new))
        written = self.folder / f"{machine.name}-{pathlib.Path(path).name}"
        written.write_text(text)
        return written

    def passwords(self):
        """Of the users of the database, by their names."""
        text = "".join(self.files.values())
        return dict(
            re.findall(r"username: (\w+), password: ([\w-]+)", text)
            + re.findall(r"postgres://(\w+):([\w-]+)@", text)
        )
