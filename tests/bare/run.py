"""Make a bare Debian, as README.md asks for it and no more, and run both commands there.

usage: sudo python3 tests/bare/run.py [12] [13]      both releases if none is named

By hand, as root, on Debian or Ubuntu with `apt install debootstrap`: 10 to 30 minutes and up to
12 GB of disk for each release, in TMPDIR or /var/tmp. TORCH is make's variable, `cpu` if it is not
set. Nothing stays, and it stops at once with Ctrl-C.

Each gets a system of its own by debootstrap, with PACKAGES; a clone of HEAD, so that what is not
committed is not tested; and what a container has of /proc and /dev. Of this machine it sees how
packages are had, nothing else: the mirror of apt (or MIRROR), the settings of pip and the folders
that they name, proxies and certificates. The last lines say how each command ended and, in the
words of `make test`, what was left out there.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASES = {"12": "bookworm", "13": "trixie"}
PACKAGES = ("git", "make", "python3-venv", "ca-certificates")
COMMANDS = ("make book", "make test")
CLONE = "/root/clone"
HANDED_ON = re.compile(r"(PIP_\w+|(https?|all|no)_proxy|SSL_CERT_FILE|SSL_CERT_DIR)", re.IGNORECASE)
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def main(versions):
    unknown = sorted(set(versions) - set(RELEASES))
    if unknown:
        sys.exit(f"bare: no release {', '.join(unknown)}\n\n{__doc__}")
    if os.geteuid() != 0:
        sys.exit("bare: debootstrap and chroot need root: sudo python3 tests/bare/run.py")
    if not shutil.which("debootstrap"):
        sys.exit("bare: install debootstrap")
    git = ["git", "-C", str(ROOT)]
    if subprocess.run([*git, "status", "--porcelain"], capture_output=True).stdout:
        print("bare: HEAD is tested; what is not committed is not in it", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bare: stopped"))
    ended = []
    for version in versions or RELEASES:
        ended += run(version)
    print("\n--- what was seen", *(line for _, line in ended), sep="\n")
    sys.exit(not all(passed for passed, _ in ended))


def run(version):
    """Run the commands on one release; return for each whether it passed, and a line on it."""
    folder = tempfile.mkdtemp(
        prefix=f"bare-debian-{version}-", dir=os.environ.get("TMPDIR", "/var/tmp")
    )
    try:
        root = Path(folder, "root")
        progress(f"Debian {version}", "debootstrap")
        make_system(root, RELEASES[version])
        clone = ["git", "clone", "--quiet", "--no-local", ROOT, f"{root}{CLONE}"]
        subprocess.run(clone, check=True)
        python = inside(root, "python3 --version", stdout=subprocess.PIPE).communicate()[0].strip()
        return [command(root, f"Debian {version}, {python}", words) for words in COMMANDS]
    finally:
        shutil.rmtree(folder)  # nothing is mounted in it: that ended with the commands


def make_system(root, release, packages=PACKAGES):
    bootstrap = ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}"]
    said = Path(root.parent, "debootstrap.log")
    with said.open("w") as log:
        made = subprocess.run([*bootstrap, release, str(root), *mirror()], stdout=log, stderr=log)
    if made.returncode:
        sys.exit(said.read_text() + "bare: debootstrap failed; its own words are above")
    for file in ("/etc/resolv.conf", "/etc/hosts", CERTIFICATES):
        if Path(file).is_file():
            shutil.copyfile(file, f"{root}{file}")


def mirror():
    """The first one of this machine's apt that has Debian; [] leaves it to debootstrap."""
    if os.environ.get("MIRROR"):
        return [os.environ["MIRROR"]]
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Label: Debian"]
    told = subprocess.run(asked, capture_output=True, text=True)
    return told.stdout.split()[:1]


def settings():
    """The variables that say how packages are had here, pip's files of settings among them."""
    env = {name: value for name, value in os.environ.items() if HANDED_ON.fullmatch(name)}
    asked = [sys.executable, "-m", "pip", "config", "list"]
    told = subprocess.run(asked, capture_output=True, text=True).stdout
    for name, value in re.findall(r"^(?:global|install)\.([\w-]+)='(.*)'$", told, re.MULTILINE):
        env.setdefault("PIP_" + name.upper().replace("-", "_"), value.replace("\\n", " "))
    return env


def folders(env):
    """What these variables name on this machine's disk, for the other one to see too."""
    words = re.split(r"[\s:]+(?!//)", " ".join(v for n, v in env.items() if n.startswith("PIP_")))
    named = {Path(word.removeprefix("file://")) for word in words}
    # The pages of an index, in simple/, link to files beside it.
    named = {path.parent if path.name == "simple" else path for path in named}
    return sorted(p for p in named if p.is_absolute() and p.exists() and str(p) != CERTIFICATES)


def inside(root, words, **options):
    """Start a command there; all that it starts and mounts ends with it, in its own namespaces."""
    env = settings()
    at = shlex.quote(str(root))
    mounts = [
        f"mount -t proc proc {at}/proc",
        f"mount -t tmpfs -o mode=1777,size=64m tmpfs {at}/dev/shm",
        f"mount -t devpts devpts {at}/dev/pts",
    ]
    for path in map(str, folders(env)):
        there = shlex.quote(f"{root}{path}")
        kind = "mkdir -p" if os.path.isdir(path) else "install -D /dev/null"
        mounts += [f"{kind} {there}", f"mount --bind {shlex.quote(path)} {there}"]
        mounts += [f"mount -o remount,ro,bind {there}"]
    bare = ["HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    bare += [f"{name}={value}" for name, value in sorted(env.items())]
    last = ["exec", "env", "-i", *bare, "chroot", str(root), "sh", "-c", words]
    script = "\n".join(["set -e", *mounts, shlex.join(last)])
    own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]
    return subprocess.Popen(own, text=True, stdin=subprocess.DEVNULL, **options)


def command(root, where, words):
    """Run one of COMMANDS and show what it says; return whether it passed, and a line on it."""
    progress(where, words)
    start, last = time.monotonic(), ""
    asked = f"cd {CLONE} && {words} TORCH={shlex.quote(os.environ.get('TORCH', 'cpu'))} 2>&1"
    process = inside(root, asked, stdout=subprocess.PIPE, errors="replace")
    try:
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    except BaseException:
        process.kill()  # the first of its namespace, so that all in it end
        raise
    finally:
        process.wait()
    ended = f"exit status {process.returncode}" if process.returncode else "passed"
    took = f"{time.monotonic() - start:.0f} s"
    return not process.returncode, f"{where}: {words}: {ended}, {took}\n    {last}"


def progress(*words):
    print(f"--- {time.strftime('%H:%M:%S')} {': '.join(words)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
