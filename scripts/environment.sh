#!/bin/sh
# Make .venv and install digitrec into it, or do nothing when that is done already.
#
#   sh scripts/environment.sh           what the pad and the notebooks need
#   sh scripts/environment.sh test      and what the tests need
#   sh scripts/environment.sh oldest    the same in .venv-oldest, as old as pyproject.toml allows
#
# PYTHON names the interpreter to use; without it python3 is tried, and then the versions by name.
# What was installed is written down last, so an environment that pip could not finish is never
# trusted: the next run goes on where it can and starts anew where it must.
set -eu
cd "$(dirname "$0")/.."

# These would have pip install elsewhere, or Python take its packages from elsewhere.
unset PIP_TARGET PIP_PREFIX PIP_ROOT PYTHONHOME PYTHONPATH
export PIP_USER=0 # over a configuration file of pip, too

kind=${1:-}
venv=.venv
[ "$kind" != oldest ] || venv=.venv-oldest
python=$venv/bin/python
done_base=$venv/installed
done_test=$venv/installed-test

say() { printf '%s\n' "$*" >&2; }
give_up() { say "$*"; exit 1; }

suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

# What an environment was made from: the list of dependencies, and the folder it points to.
wanted="$(cksum <pyproject.toml) $(pwd -P)"
written() { [ -f "$1" ] && [ "$(cat "$1")" = "$wanted" ]; }

# Packages are whole (pip writes RECORD last), and this checkout is the one that is imported.
sound() {
    [ -x $python ] && suits $python || return 1
    # Scripts name the folder they were made in, so a folder that was moved has none that work.
    grep -qF "$(pwd -P)/$venv" $venv/bin/activate && $python -m pip --version >/dev/null || return 1
    for record in $venv/lib/python3.*/site-packages/*.dist-info; do
        [ ! -d "$record" ] || [ -f "$record/RECORD" ] || return 1
    done
}
imports() {
    $python -I -c '
import importlib.util, pathlib, sys
found = [importlib.util.find_spec(name) for name in ("voila", "ipycanvas", "digitrec")]
here = pathlib.Path.cwd().resolve()
sys.exit(not all(found) or pathlib.Path(found[-1].origin).resolve().parent.parent != here)
' 2>/dev/null
}

same_version() { [ -z "${PYTHON:-}" ] || [ "$(version "$PYTHON")" = "$(version $python)" ]; }

if [ -n "${PYTHON:-}" ] && ! suits "$PYTHON"; then
    found=$(version "$PYTHON" || true)
    give_up "digitrec needs Python 3.11, 3.12 or 3.13, and $PYTHON is ${found:-not there}; name another: make PYTHON=python3.12"
fi

case $kind in
    '') extra=notebooks stamp=$done_base ;;
    test | oldest) extra=test stamp=$done_test ;;
    *) give_up "usage: sh scripts/environment.sh [test|oldest]" ;;
esac
ready() { [ -x $python ] && written $stamp && imports && same_version; }
ready && exit 0

chosen=${PYTHON:-}
choose() {
    if [ -z "$chosen" ]; then
        for candidate in python3 python3.13 python3.12 python3.11 python; do
            if suits $candidate; then chosen=$candidate; break; fi
        done
    fi
    if [ -z "$chosen" ]; then
        found=$(version python3 || true)
        give_up "digitrec needs Python 3.11, 3.12 or 3.13, and python3 is ${found:-not there}; name another: make PYTHON=/path/to/python3.12"
    fi
    "$chosen" -c 'import ensurepip, venv' 2>/dev/null || give_up \
        "$chosen cannot make environments; on Debian and Ubuntu: sudo apt install python$(version "$chosen")-venv"
}
[ -x $python ] || choose

# One at a time: a second run would take the first one's half-made folder for a damaged one. A folder
# is the lock, since macOS has no flock; the lock of a run that was killed names a process that is gone.
lock=$venv.lock
unnamed=0
waited=''
until mkdir $lock 2>/dev/null; do
    [ -d $lock ] || give_up "No folder can be made in $(pwd -P); $lock was to be one."
    owner=$(cat $lock/process 2>/dev/null || true)
    [ -n "$owner" ] || unnamed=$((unnamed + 1)) # killed before it could name itself, or about to
    if [ $unnamed -gt 5 ] || { [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; }; then
        mv $lock $lock.$$ 2>/dev/null || continue
        # Another run may have been as fast, and this be its new lock.
        [ "$(cat $lock.$$/process 2>/dev/null || true)" = "$owner" ] || mv $lock.$$ $lock
        rm -rf $lock.$$
        unnamed=0
        continue
    fi
    [ -n "$waited" ] || say "Another run (process ${owner:-unknown}) is making $venv; waiting for it. If there is none: rm -r $lock"
    waited=yes
    sleep 1
done
trap 'rm -rf $lock' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
echo $$ >$lock/process
ready && exit 0

if [ -e $venv ] && ! { sound && same_version; }; then
    say "The environment in $venv is damaged or of another Python; making it anew."
    rm -rf $venv
fi

if [ ! -x $python ]; then
    choose
    say "Making $venv with Python $(version "$chosen") and installing into it; this takes a few minutes, once."
    # A run that is interrupted here leaves no python in the folder, or one that is not sound.
    "$chosen" -m venv $venv || { rm -rf $venv; give_up "$chosen could not make $venv."; }
else
    say "Bringing $venv up to date."
fi

# While pip is at work nothing is true of the environment.
rm -f $done_base $done_test
install() {
    $python -m pip install --quiet --disable-pip-version-check "$@" ||
        give_up "pip could not install everything (its message is above); the next run tries again."
}
set --
if [ "$kind" = oldest ]; then
    # In a folder of its own, since the uv that is installed below is old as well.
    install --target $venv/uv --upgrade uv
    $venv/uv/bin/uv pip compile --quiet --python $python --resolution lowest-direct --extra test \
        pyproject.toml >$venv/oldest.txt ||
        give_up "uv found no versions that go together (its message is above)."
    set -- --constraint $venv/oldest.txt
fi
install "$@" --editable ".[$extra]"
imports || give_up "Something is missing in $venv after installing; remove the folder and try again."

printf '%s' "$wanted" >$done_base
[ "$extra" != test ] || printf '%s' "$wanted" >$done_test
