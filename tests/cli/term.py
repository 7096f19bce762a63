# SPDX-License-Identifier: BSD-2-Clause
"""Plays a user on a terminal: term.py IOC SCENARIO."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

IOC = sys.argv[1]


class Terminal:
    """A terminal with a program on it."""

    def __init__(self, *args, rows=24, cols=80, stdout=None, env=None):
        self.master, self.slave = pty.openpty()
        self.resize(rows, cols)
        self.before = termios.tcgetattr(self.slave)
        self.text = b""
        pid = os.fork()
        if pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            if stdout is not None:
                os.dup2(stdout, 1)
            os.closerange(3, 256)
            os.environ.update(env or {})
            os.execv(IOC, [IOC, *args])
        self.pid = pid

    def resize(self, rows, cols):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, cols, 0, 0))

    def read(self, seconds=0.1):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.text += data
        return bool(data)

    def expect(self, pattern, seconds=15):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            self.read()
            if time.monotonic() > end:
                sys.exit("no %r in %r" % (pattern, self.text[-500:]))

    def send(self, text):
        os.write(self.master, text)

    def is_raw(self):
        flags = termios.tcgetattr(self.slave)[3]
        return not flags & (termios.ICANON | termios.ECHO | termios.ISIG)

    def wait_raw(self, raw):
        end = time.monotonic() + 10
        while self.is_raw() != raw:
            self.read(0.02)
            check(time.monotonic() < end, "raw is not %s" % raw)

    def end(self, want, seconds=20):
        """Waits for the end; the terminal must be as before."""
        limit = time.monotonic() + seconds
        while True:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                break
            check(time.monotonic() < limit, "does not end: %r" %
                  self.text[-500:])
        while self.read(0.05):
            pass
        got = os.waitstatus_to_exitcode(status)
        check(got == want, "status %d instead of %d: %r" %
              (got, want, self.text[-500:]))
        check(termios.tcgetattr(self.slave) == self.before,
              "the terminal is not as before")


def check(ok, message):
    if not ok:
        sys.exit(message)


def log():
    with open(os.environ["IOC_FAKE_LOG"]) as f:
        return f.read()


def status():
    t = Terminal("exec", "web", "--", "sh", "-c", "tty; exit 7")
    t.end(7)
    check(re.search(rb"/dev/pts/\d+\r\n", t.text), "no terminal")
    check(os.ttyname(t.slave).encode() not in t.text, "the host's terminal")


def restored():
    t = Terminal("exec", "web", "--", "sh", "-c", "echo ready; read x")
    t.expect(rb"ready")
    t.wait_raw(True)
    t.send(b"\r")
    t.end(0)


def killed():
    t = Terminal("exec", "web", "--", "sh", "-c", "echo ready; sleep 60")
    t.expect(rb"ready")
    t.wait_raw(True)
    os.kill(t.pid, signal.SIGTERM)
    t.end(143)


def shell():
    t = Terminal("console", "web", env={"PS1": "$ "})
    t.expect(rb"[$#] ")
    t.send(b"echo a$((1 + 1))b\r")
    t.expect(rb"\na2b\r\n")
    t.send(b"exit 5\r")
    t.end(5)


def window():
    t = Terminal("exec", "web", "--", "sh", "-c",
                 "stty size; trap 'stty size; exit 0' WINCH; echo ready;"
                 "while :; do sleep 0.1; done", rows=33, cols=101)
    t.expect(rb"33 101\r\n")
    t.expect(rb"ready")
    t.resize(44, 122)
    os.kill(t.pid, signal.SIGWINCH)
    t.expect(rb"44 122\r\n")
    t.end(0)


def pending():
    for _ in range(5):
        t = Terminal("exec", "web", "--", "seq", "1", "30000")
        time.sleep(0.3)
        t.end(0)
        lines = t.text.split()
        check(len(lines) == 30000 and lines[-1] == b"30000",
              "%d lines, the last is %r" % (len(lines), lines[-1:]))
    t = Terminal("exec", "-T", "web", "--", "seq", "1", "30000")
    t.end(0)
    check(t.text.split()[-1] == b"30000", "lost")


def interrupt():
    t = Terminal("exec", "web", "--", "sh", "-c",
                 "echo ready; exec sleep 60")
    t.expect(rb"ready")
    t.wait_raw(True)
    t.send(b"\x03")
    t.end(130)


def no_tty():
    t = Terminal("exec", "-T", "web", "--", "sh", "-c",
                 "for i in 0 1 2; do test -t $i && echo tty$i; done;"
                 "read x; echo got $x; echo err >&2")
    time.sleep(0.3)
    t.send(b"word\r")
    t.end(0)
    check(b"got word" in t.text and b"err" in t.text, repr(t.text))
    check(b"tty" not in t.text, "a terminal of the host is in the jail")
    t = Terminal("exec", "-T", "web", "--", "cat")
    t.send(b"word\r\x04")
    t.end(0)


def no_tty_interrupt():
    t = Terminal("exec", "-T", "web", "--", "sh", "-c",
                 "echo ready; exec sleep 60")
    t.expect(rb"ready")
    t.send(b"\x03")
    t.end(130)


def mixed():
    r, w = os.pipe()
    t = Terminal("exec", "web", "--", "sh", "-c",
                 "for i in 0 1 2; do test -t $i && echo tty$i; done; echo x;"
                 "echo y >&2", stdout=w)
    os.close(w)
    t.end(0)
    check(os.read(r, 100) == b"x\n", "stdout")
    check(b"y\r\n" in t.text, "stderr")


def suspend():
    t = Terminal("exec", "web", "--", "sh", "-c",
                 "echo ready; read x; echo got $x")
    t.expect(rb"ready")
    t.wait_raw(True)
    os.kill(t.pid, signal.SIGTSTP)
    t.wait_raw(False)
    pid, st = os.waitpid(t.pid, os.WUNTRACED)
    check(os.WIFSTOPPED(st), "it did not stop")
    check(termios.tcgetattr(t.slave) == t.before, "not restored")
    os.kill(t.pid, signal.SIGCONT)
    t.wait_raw(True)
    t.send(b"word\r")
    t.end(0)
    check(b"got word" in t.text, repr(t.text))


def hangup():
    t = Terminal("exec", "web", "--", "sh", "-c", "echo ready; sleep 60")
    t.expect(rb"ready")
    os.close(t.slave)
    os.close(t.master)
    end = time.monotonic() + 10
    while os.waitpid(t.pid, os.WNOHANG)[0] == 0:
        check(time.monotonic() < end, "does not end")
        time.sleep(0.05)


def big_input():
    # More than a terminal holds, to a program that does not read yet.
    t = Terminal("exec", "web", "--", "sh", "-c",
                 "stty raw -echo; echo ready; sleep 1; head -c 40000 | wc -c")
    t.expect(rb"ready")
    os.set_blocking(t.master, False)
    left = 40000
    end = time.monotonic() + 15
    while left > 0 and time.monotonic() < end:
        t.read(0.01)
        try:
            left -= os.write(t.master, b"x" * min(left, 1000))
        except BlockingIOError:
            time.sleep(0.01)
    check(left == 0, "%d bytes are not taken" % left)
    t.end(0)
    check(b"40000" in t.text, repr(t.text[-200:]))


def ask_yes():
    t = Terminal("destroy", "web,db", "-f")
    t.expect(rb"Destroy db, web\? \[y/N\] ")
    check("destroy db" not in log(), "too early")
    t.send(b"y\r")
    t.end(0)
    check("destroy db stop=1" in log(), log())
    t = Terminal("-y", "destroy", "db")
    t.end(0)
    check(b"?" not in t.text, "it asked")


def ask_no():
    for answer in b"n\r", b"\r", b"maybe\r", b"yy\r":
        t = Terminal("destroy", "db")
        t.expect(rb"\[y/N\] ")
        t.send(answer)
        t.end(1)
        check(b"nothing was done" in t.text, repr(t.text))
    check("destroy db" not in log(), log())


def ask_end():
    t = Terminal("destroy", "db")
    t.expect(rb"\[y/N\] ")
    t.send(b"\x04")
    t.end(1)
    check("destroy db" not in log(), log())


def choose():
    for answer in b"2\r", b"trixie\r":
        t = Terminal("fetch", "--no-update")
        t.expect(rb"  1  bookworm  \(end of life\)\r\n"
                 rb"  2  trixie  \(newer than this host\)\r\nWhich one\? ")
        t.send(answer)
        t.end(0)
    check(log().count("fetch trixie mirror=- url=- ca=- update=0") == 2, log())


def choose_none():
    for answer in b"\r", b"3\r", b"0\r", b"x\r", b"\x04":
        t = Terminal("fetch")
        t.expect(rb"Which one\? ")
        t.send(answer)
        t.end(1)
        check(b"no release was chosen" in t.text, repr(t.text))
    check("fetch" not in log().replace("fetch:", ""), log())


def bar():
    t = Terminal("start", "db", env={"IOC_FAKE_DELAY": "1300"}, cols=70)
    t.end(0, 30)
    check(re.search(rb"\rdb: jail.start/mount  \[=+>  *\]  *\d+%", t.text),
          repr(t.text))
    check(re.search(rb"\d+[KM]/s  \d+:\d\d", t.text), repr(t.text))
    for line in re.split(rb"[\r\n]+", t.text):
        shown = re.sub(rb"\033\[K", b"", line)
        check(len(shown) < 70, "wraps: %r" % line)
    # What took long stays, the bar does not.
    last = t.text.split(b"\r")
    check(re.search(rb"db: jail.start/mount  1\.\ds\r\ndb started\r\n$",
                    t.text), repr(last[-4:]))
    t = Terminal("-q", "start", "db")
    t.end(0)
    check(t.text == b"db started\r\n", repr(t.text))


globals()[sys.argv[2]]()
