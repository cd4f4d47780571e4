"""Files that are written whole or not at all.

The new content goes into a temporary file in the same folder, is brought to the disk (fsync), and takes the old file's name in one step
(rename). Whoever kills the process, at whatever moment, finds the old file or the new one under that name, never a mixture. Only the
temporary file may be left; its name tells what it is, and a later save of the same file removes it.
"""

import os
import stat
import time
from contextlib import contextmanager

from .errors import error

ENDING = ".unfinished"  # of temporary files: ".model.pt.3f9a12cc.unfinished" becomes model.pt
STALE = 3600  # seconds without a write after which a temporary file counts as left behind


@contextmanager
def replacing(path):
    """A file open for writing bytes; it takes the place of ``path`` when the block ends, and is removed if the block raises.

    What is no ordinary file (a pipe, /dev/null) is written directly. A link stays a link: the file that it names is replaced.
    """
    path = os.path.realpath(os.fspath(path))
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        raise error("save_folder", folder=folder)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            yield file
        return
    _remove_left_behind(folder, name)
    temporary = os.path.join(folder, f".{name}.{os.urandom(4).hex()}{ENDING}")
    try:
        with open(temporary, "xb") as file:
            _copy_mode(path, temporary)
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C too must leave no half-written file
        if os.path.exists(temporary):
            os.remove(temporary)
        raise
    _sync_folder(folder)


def _copy_mode(path, temporary):
    """Who may read the old file may read the new one; what must not be written to is not replaced either."""
    if os.path.exists(path):
        if not os.access(path, os.W_OK):
            raise PermissionError(13, os.strerror(13), path)
        os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))


def _sync_folder(folder):
    """Bring the new name itself to the disk. Only POSIX systems can open a folder."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _remove_left_behind(folder, name):
    """Remove what killed processes left of this file. A file that is being written to has changed within the last hour."""
    for entry in os.listdir(folder):
        if entry.startswith(f".{name}.") and entry.endswith(ENDING):
            left = os.path.join(folder, entry)
            try:
                if time.time() - os.stat(left).st_mtime > STALE:
                    os.remove(left)
            except OSError:
                continue  # another process was quicker, or it is not ours to remove
