# SPDX-License-Identifier: BSD-2-Clause
"""Feeds hostile cells and reads the output back: cells.py IOC FORMAT."""
import codecs
import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata

IOC, FORMAT = sys.argv[1:3]
ROUNDS = 40
HOSTILE = [b"a\tb", b"a\nb", b"\t", b"\n", b'"', b'";"', b'a"b', b'""', b";",
           b"\\", b"\\t", b"\\x41", b"\r", b"\x1b[2J", b"\x1b]0;pwned\x07",
           b"\x9b31m", b"\xc2\x9b31m", b"\xe2\x80\xae", b"\xff", b"\xc3",
           b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"=1+1", b"'", b"#", b",",
           b"\x7f", b"\xef\xbb\xbf", b"\xe2\x80\xa8", "é\u0301漢".encode()]
# Called format controls, and are signs that are seen.
SEEN = {*range(0x600, 0x606), 0x6dd, 0x70f, 0x890, 0x891, 0x8e2, 0x110bd,
        0x110cd, *range(0x13430, 0x13440)}
random.seed(int(os.environ.get("CELLS_SEED", "1")))


def word(alphabet=None):
    """What is no separator of the fake library's own text."""
    if alphabet is None and random.random() < 0.2:
        text = "".join(chr(random.choice((random.randrange(1, 0x800),
                                          random.randrange(0xe000, 0x110000))))
                       for _ in range(random.randrange(1, 9))).encode()
    else:
        text = bytes(random.choice(alphabet or range(1, 256))
                     for _ in range(random.randrange(1, 30)))
    return text.replace(b" ", b"_").replace(b";", b"_")


def rows(i):
    words = [w.replace(b" ", b"").replace(b";", b",") for w in HOSTILE]
    if i * 8 < len(words):
        return [(w, w) for w in words[i * 8:i * 8 + 8]]
    return [(word(), word()) for _ in range(8)]


def environment(pairs):
    text = b";".join(b"%s /t nullfs ro %s" % p for p in pairs)
    return {**os.environb, b"IOC_FAKE_FSTAB": text}


def run(pairs, *args):
    return subprocess.run([IOC, *args], env=environment(pairs), check=True,
                          stdout=subprocess.PIPE).stdout


def check(ok, *message):
    if not ok:
        sys.exit(" ".join(map(repr, message)))


def harmless(out):
    """Nothing in it moves a cursor, and all of it is UTF-8."""
    for c in out.decode():
        check(c == "\n" or c == "\t" or ord(c) in SEEN or
              unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp", "Cs"),
              c, out)


def same(cell, want):
    """What Python makes of the escapes is the text again."""
    got = codecs.escape_decode(cell.encode())[0]
    check(got == want, cell, got, want)


def table():
    for i in range(ROUNDS):
        pairs = rows(i)
        for how in (["-H"], ["-f", "list"]):
            out = run(pairs, "fstab", "show", *how, "web")
            harmless(out)
            lines = out.decode().split("\n")
            check(len(lines) == len(pairs) + 1 and lines[-1] == "", out)
            for line, (source, comment) in zip(lines, pairs):
                cells = line.split("\t")
                check(len(cells) == 7, line)
                same(cells[0], source)
                same(cells[6], comment)


def people():
    for i in range(ROUNDS):
        pairs = rows(i)
        out = run(pairs, "fstab", "show", "web")
        harmless(out)
        check(b"\t" not in out and out.count(b"\n") == len(pairs) + 1, out)


def csv_():
    for i in range(ROUNDS):
        pairs = rows(i)
        out = run(pairs, "fstab", "show", "-f", "csv", "web")
        harmless(out)
        got = list(csv.reader(io.StringIO(out.decode(), newline=""),
                              delimiter=";", strict=True))
        check(len(got) == len(pairs) + 1 and got[0][0] == "source", out)
        for cells, (source, comment) in zip(got[1:], pairs):
            check(len(cells) == 7, cells)
            same(cells[0], source)
            same(cells[6], comment)


def json_():
    for i in range(ROUNDS):
        pairs = rows(i)
        out = run(pairs, "-j", "fstab", "show", "web")
        harmless(out)
        for parse in (json.loads, by_jq):
            got = parse(out)["fstab"]
            check(len(got) == len(pairs), out)
            for row, (source, comment) in zip(got, pairs):
                same_text(row["source"], source)
                same_text(row["comment"], comment)


def by_jq(out):
    return json.loads(subprocess.run(["jq", "-ac", "."], input=out, check=True,
                                     stdout=subprocess.PIPE).stdout)


def same_text(got, want):
    """Bytes that are no UTF-8 are lost, and seen to be; nothing else is."""
    try:
        check(got == want.decode(), got, want)
    except UnicodeDecodeError:
        check("\ufffd" in got, got, want)


class Tmux:
    """A terminal that exists: what it shows, and where its cursor is."""

    def __init__(self):
        self.dir = tempfile.mkdtemp()
        self.n = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self("kill-server")
        shutil.rmtree(self.dir)

    def __call__(self, *args, env=None):
        return subprocess.run(
            ["tmux", "-u", "-S", "%s/%d" % (self.dir, self.n), "-f", "/dev/null", *args],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def show(self, command, env):
        self("kill-server")
        self.n += 1
        self("new-session", "-d", "-x", "900", "-y", "50",
             command + "; printf END; sleep 100", env=env)
        end = time.monotonic() + 20
        while True:
            text = self("capture-pane", "-p").decode()
            if "END" in text:
                return text, self("display", "-p", "#{pane_title}")
            check(time.monotonic() < end, "nothing is shown", text)
            time.sleep(0.05)


def terminal():
    # Never UTF-8, as which characters a terminal knows is its own affair.
    alphabet = [*range(1, 128), *range(0x80, 0xc0)]
    with Tmux() as tmux:
        pairs = [(b"\x1b]2;pwned\x07", b"\x1b[2J\x1b[31mx")]
        twin = "printf '%s' \"$IOC_FAKE_FSTAB\""
        text, title = tmux.show(twin, environment(pairs))
        check(title.strip() == b"pwned" and "nullfs" not in text, text, title)
        for i in range(6):
            if i > 0:
                pairs = [(word(alphabet), word(alphabet)) for _ in range(8)]
            text, title = tmux.show(IOC + " fstab show web",
                                    environment(pairs))
            out = run(pairs, "fstab", "show", "web").decode()
            want = [line.rstrip() for line in (out + "END").split("\n")]
            got = [line.rstrip() for line in text.split("\n")]
            check(got[:len(want)] == want, got, want)
            check(b"pwned" not in title, title)


{"table": table, "people": people, "csv": csv_, "json": json_,
 "terminal": terminal}[FORMAT]()
