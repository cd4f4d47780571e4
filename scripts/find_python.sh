#!/bin/sh
# Prints the first Python that can make the project's .venv: 3.11 or newer, with venv and ensurepip.
# PYTHON=... names another one. Otherwise the plain `python3` comes first, because it is the learner's own.
tooold=""
without_venv=""
for python in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { tooold=${tooold:-"; $python is $version"}; continue; }
    "$python" -c 'import ensurepip, venv' 2>/dev/null || { without_venv=${without_venv:-$version}; continue; }
    echo "$python"
    exit 0
done
other="or name another Python, as in 'make lab PYTHON=/path/to/python3'."
if [ -n "$without_venv" ]; then
    echo "Python $without_venv is here, but not its part that makes environments: run 'sudo apt install python$without_venv-venv', $other" >&2
else
    echo "lesson_lib needs Python 3.11 or newer, and none was found$tooold: install one, $other" >&2
fi
exit 1
