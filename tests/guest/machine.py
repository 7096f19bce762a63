# SPDX-License-Identifier: BSD-2-Clause
"""A machine in QEMU with a serial console: started, spoken to, saved."""
import ctypes
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time

# What the guest reads on a disk's label, wherever the disk stands.
JOB, RESULT, SCRATCH = "ioc-job", "ioc-result", "ioc-scratch"
SIZES = {JOB: 1 << 30, RESULT: 1 << 28, SCRATCH: 8 << 30}


class Trouble(Exception):
    """The machine cannot be used; one sentence that says why."""


def overlay(path, backing, kind):
    """A disk that holds only what differs from another one."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", kind,
        "-b", os.path.abspath(backing), path], check=True)


def image_kind(path):
    out = subprocess.run(["qemu-img", "info", "--output=json", "-U", path],
        capture_output=True, text=True, check=False)
    if out.returncode != 0:
        raise Trouble(f"{path}: {out.stderr.strip()}")
    return json.loads(out.stdout)["format"]


def die_with_parent():
    """Nobody ends a machine whose driver was killed."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    except AttributeError:
        pass


def emulated(options):
    """Whether QEMU computes the processor, which takes many times as long."""
    return options.no_kvm or not os.access("/dev/kvm", os.R_OK | os.W_OK)


# Without a carry-less product FreeBSD's aesni(4), which takes for granted that who
# has AES has that, too, is a panic as soon as a dataset is encrypted.
EMULATED = "Nehalem,+rdrand,+aes,+pclmulqdq"


class Machine:
    def __init__(self, work, root, options, incoming=False):
        self.work = work
        self.log = os.path.join(work, "console.log")
        self.seen = b""
        for disk, size in SIZES.items():
            with open(self.disk(disk), "ab") as f:
                f.truncate(size)
        command = self.command(root, options)
        if incoming:
            command += ["-incoming", "defer"]
        with open(os.path.join(work, "qemu.log"), "wb") as log:
            self.qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=work, preexec_fn=die_with_parent)
        try:
            self.console = self.connect("console")
            self.control = self.connect("control").makefile("rw")
            self.control.readline()
            self.ask("qmp_capabilities")
        except BaseException as why:
            self.quit()
            if isinstance(why, ConnectionError):
                raise Trouble("qemu: " + self.last_words("qemu.log")) from None
            raise

    def disk(self, name):
        return os.path.join(self.work, name + ".raw")

    def command(self, root, o):
        kvm = not emulated(o)
        command = ["qemu-system-x86_64", "-nodefaults", "-display", "none",
            "-machine", "pc", "-smp", str(o.cpus), "-m", str(o.memory),
            "-rtc", "base=utc", "-device", "virtio-rng-pci",
            "-accel", "kvm" if kvm else "tcg,thread=multi",
            "-cpu", "host" if kvm else EMULATED,
            "-netdev", f"user,id=net,restrict={'off' if o.net else 'on'}",
            "-device", "virtio-net-pci,netdev=net,romfile=",
            "-chardev", "socket,id=console,path=console,server=on,wait=off,"
            "logfile=console.log", "-serial", "chardev:console",
            "-qmp", "unix:control,server=on,wait=off"]
        if o.firmware:
            command += ["-bios", os.path.abspath(o.firmware)]
        command += ["-drive", f"if=none,id=root,file={root},format=qcow2,"
            "cache=unsafe,discard=unmap",
            "-device", "virtio-blk-pci,drive=root,bootindex=1"]
        for disk in SIZES:
            only = ",readonly=on" if disk == JOB else ""
            command += ["-drive", f"if=none,id={disk},file={disk}.raw,"
                f"format=raw,cache=unsafe,discard=unmap{only}",
                "-device", f"virtio-blk-pci,drive={disk},serial={disk}"]
        return command

    def connect(self, name):
        end = time.monotonic() + 30
        # The name is short where the path of the directory may not be.
        here = os.open(".", os.O_RDONLY)
        try:
            os.chdir(self.work)
            while time.monotonic() < end:
                s = socket.socket(socket.AF_UNIX)
                try:
                    s.connect(name)
                    return s
                except OSError:
                    s.close()
                if self.qemu.poll() is not None:
                    raise Trouble("qemu: " + self.last_words("qemu.log"))
                time.sleep(0.05)
            raise Trouble(f"qemu: no socket {name} after 30 seconds")
        finally:
            os.fchdir(here)
            os.close(here)

    def last_words(self, name, lines=1):
        with open(os.path.join(self.work, name), errors="replace") as f:
            return "\n".join(f.read().strip().splitlines()[-lines:])

    # --- QEMU itself ---------------------------------------------------------

    def ask(self, what, **arguments):
        self.control.write(json.dumps(
            {"execute": what, "arguments": arguments}) + "\n")
        self.control.flush()
        for line in self.control:
            answer = json.loads(line)
            if "error" in answer:
                raise Trouble(f"qemu: {what}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise Trouble(f"qemu: {what}: " + self.last_words("qemu.log"))

    def migrated(self, what):
        while True:
            now = self.ask("query-migrate")
            if now.get("status") == "completed":
                return
            if now.get("status") in ("failed", "cancelled"):
                raise Trouble(f"qemu: {what}: {now.get('error-desc', now)}")
            time.sleep(0.05)

    def save(self, path):
        """Stops the machine; its memory is in a file afterwards."""
        self.ask("stop")
        # As fast as it can: nobody else needs the disk.
        self.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 34})
        self.ask("migrate", uri="exec:cat >" + shlex.quote(path))
        self.migrated("save")

    def load(self, path):
        self.ask("migrate-incoming", uri="exec:cat " + shlex.quote(path))
        self.migrated("load")
        self.ask("cont")

    def quit(self):
        if self.qemu.poll() is None:
            self.qemu.kill()
        self.qemu.wait()

    # --- the console -----------------------------------------------------------

    def type(self, text):
        self.console.sendall(text.encode() + b"\n")

    def read(self, seconds):
        """What comes within that time, False when nothing does."""
        self.console.settimeout(max(seconds, 0.01))
        try:
            some = self.console.recv(65536)
        except TimeoutError:
            return False
        if not some:
            raise Trouble("the machine has ended: " + self.last_words("qemu.log"))
        self.seen += some
        return True

    def expect(self, patterns, seconds):
        """The first pattern that what was said since then matches."""
        end = time.monotonic() + seconds
        while True:
            plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", self.seen)
            for i, pattern in enumerate(patterns):
                match = re.search(pattern, plain)
                if match:
                    self.seen = b""
                    return i, match
            left = end - time.monotonic()
            if left <= 0:
                return None, None
            self.read(left)

    def login(self, seconds):
        """Ends with a shell that neither prompts nor echoes."""
        end = time.monotonic() + seconds
        named = False
        while True:
            what, _ = self.expect([rb"login: ", rb"(?i)password[^\n]{0,30}: ?$",
                rb"\n[^\n]{0,60}[#%$] $", rb"\npanic: [^\n]*\n",
                rb"mountroot> ", rb"Login incorrect"],
                end - time.monotonic())
            if what is None:
                raise Trouble(f"no login prompt on the serial console within "
                    f"{seconds} seconds; the image's /boot/loader.conf needs "
                    f"console=\"comconsole\"; last seen:\n"
                    + self.last_words("console.log", 5))
            if what == 0:
                named = True
                self.type("root")
            elif what == 2 and not self.read(1.5):
                break
            elif what == 5 or (what == 1 and named):
                raise Trouble("root has a password on the serial console")
            elif what in (3, 4):
                time.sleep(1)
                raise Trouble("the guest does not boot; last seen:\n"
                    + self.last_words("console.log", 20))
        # The login shell may be csh, and read ahead.
        self.type("exec env -u ENV /bin/sh")
        self.expect([rb"[#$] $"], 5)
        self.type("set +o emacs +o vi; PS1= PS2=; stty -echo; "
            "echo ioc-'ready'")
        if self.expect([rb"ioc-ready"], 30)[0] is None:
            raise Trouble("no shell after login; last seen:\n"
                + self.last_words("console.log", 5))

    def run(self, command, seconds):
        """Its exit status, None when it does not end in time."""
        self.type(command + "; echo ioc-'end':$?:")
        match = self.expect([rb"ioc-end:(\d+):"], seconds)[1]
        return None if match is None else int(match.group(1))

    def interrupt(self):
        """Takes the console back from a command that does not end."""
        for key in (b"\x03", b"\x1c"):
            self.console.sendall(key)
            time.sleep(2)
            self.seen = b""
            if self.run("", 10) is not None:
                return
        raise Trouble("the guest does not answer any more; last seen:\n"
            + self.last_words("console.log", 20))


# --- a state on disk -----------------------------------------------------------

def fingerprint(image, options):
    """A state belongs to one image, one QEMU and one way to start it."""
    at = os.stat(image)
    version = subprocess.run(["qemu-system-x86_64", "--version"],
        capture_output=True, text=True, check=True).stdout.splitlines()[0]
    return json.dumps([os.path.abspath(image), at.st_size, at.st_mtime_ns,
        version, options.cpus, options.memory, options.firmware,
        options.no_kvm, options.loader, SIZES, EMULATED])


def boot(work, image, options):
    """A machine with root's shell on its console, booted or out of a state."""
    root = os.path.join(work, "root.qcow2")
    state = options.state and os.path.abspath(options.state)
    mark = fingerprint(image, options)
    if state:
        try:
            with open(os.path.join(state, "made-of")) as f:
                known = f.read()
        except FileNotFoundError:
            known = None
        if known == mark:
            overlay(root, os.path.join(state, "disk.qcow2"), "qcow2")
            m = Machine(work, root, options, incoming=True)
            try:
                m.load(os.path.join(state, "memory"))
            except BaseException:
                m.quit()
                raise
            return m
        os.makedirs(state, exist_ok=True)
        if known is None and os.listdir(state):
            raise Trouble(f"{state}: it is not empty, and no saved state")
        for name in os.listdir(state):
            os.unlink(os.path.join(state, name))
    overlay(root, image, image_kind(image))
    m = Machine(work, root, options)
    try:
        m.login(options.boot_seconds)
        if options.loader:
            lines = " ".join(shlex.quote(line) for line in options.loader)
            m.run(f"printf '%s\\n' {lines} >>/boot/loader.conf", 30)
            m.type("shutdown -r now")
            m.expect([rb"Rebooting|ebooting\.\.\.|Uptime: "], 300)
            m.login(options.boot_seconds)
        if state:
            m.run("sync", 60)
            m.save(os.path.join(state, "memory"))
            shutil.copyfile(root, os.path.join(state, "disk.qcow2"))
            with open(os.path.join(state, "made-of"), "w") as f:
                f.write(mark)
            m.ask("cont")
    except BaseException:
        m.quit()
        raise
    return m
